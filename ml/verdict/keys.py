"""Keys that sign and check: ES256, that is ECDSA on P-256 over SHA-256, as 64 bytes r and s."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from ml.errors import TaskError
from ml.verdict.errors import VerdictError

ALGORITHM, CURVE = "ES256", "P-256"
HALF = 32
BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


class Signer(Protocol):
    """Whoever may sign. `key_id` names the key and its version; a key never leaves its place."""

    @property
    def key_id(self) -> str:
        """The name that a verdict gives its key."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Sign a SHA-256 digest and return r and s, 32 bytes each."""
        ...


class TrustedKeys(Protocol):
    """The keys whose verdicts count."""

    def find(self, key_id: str) -> "PublicKey":
        """Return the key of this name, or refuse it by name."""
        ...


@dataclass(frozen=True)
class PublicKey:
    """The public half of a signing key."""

    key_id: str
    x: int
    y: int

    @classmethod
    def of_jwk(cls, jwk: Mapping[str, object]) -> "PublicKey":
        """Read a JSON Web Key with its `kid`."""
        kind, curve, key_id = (jwk.get(name) for name in ("kty", "crv", "kid"))
        if kind not in {"EC", "EC-HSM"} or curve != CURVE:
            raise TaskError(
                f"key {key_id} is {kind} {curve or ''}; verdicts are signed by EC {CURVE}"
            )
        if not isinstance(key_id, str) or not key_id:
            raise TaskError("the key has no kid; give the key's identifier with its version")
        x, y = (int.from_bytes(_coordinate(jwk.get(name), name)) for name in ("x", "y"))
        return cls(key_id, x, y)

    def verify(self, content: bytes, signature: bytes) -> None:
        """Refuse a signature that this key did not make of this content."""
        if len(signature) != 2 * HALF:
            raise VerdictError(
                f"its signature has {len(signature)} bytes, {ALGORITHM} has {2 * HALF}"
            )
        try:
            key = ec.EllipticCurvePublicNumbers(self.x, self.y, ec.SECP256R1()).public_key()
        except ValueError as error:
            raise TaskError(f"key {self.key_id} is no point of {CURVE}") from error
        r, s = (int.from_bytes(half) for half in (signature[:HALF], signature[HALF:]))
        try:
            key.verify(encode_dss_signature(r, s), content, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise VerdictError(
                f"its signature is not that of key {self.key_id} over this content: it was "
                "edited after it was signed, or signed by another key; have it made again"
            ) from error


@dataclass(frozen=True)
class JwkKeys:
    """Keys that are given, for checking without a network."""

    keys: tuple[PublicKey, ...]

    @classmethod
    def read(cls, path: Path) -> "JwkKeys":
        """Read a file with one JSON Web Key or a set of them."""
        if not path.is_file():
            raise TaskError(f"{path} is no file; give one with a JSON Web Key, or a set of them")
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise TaskError(f"{path} is no JSON: {error}") from error
        keys = found.get("keys", [found]) if isinstance(found, dict) else []
        if not keys:
            raise TaskError(f"{path} has no key; give a JSON Web Key, or a set of them")
        return cls(tuple(PublicKey.of_jwk(key) for key in keys))

    def find(self, key_id: str) -> PublicKey:
        """Return the key of this name, or refuse it by name."""
        for key in self.keys:
            if key.key_id == key_id:
                return key
        known = ", ".join(key.key_id for key in self.keys)
        raise VerdictError(f"it is signed by key {key_id}, trusted is {known}")


def base64url(content: bytes) -> str:
    """Write bytes as JOSE does: no padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Read what `base64url` wrote, and nothing else: one content has one text."""
    if not BASE64URL.fullmatch(text):
        raise ValueError("there are characters that are not of base64url")
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64url(content) != text:
        raise ValueError("there are bits that no content has")
    return content


def _coordinate(found: object, name: str) -> bytes:
    if isinstance(found, bytes):
        return found
    try:
        return from_base64url(cast("str", found))
    except (TypeError, ValueError, binascii.Error) as error:
        raise TaskError(f"the key's {name} is {found!r}, which is no base64url") from error
