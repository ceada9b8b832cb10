"""Signing, verifying, encrypting and wrapping with a key that stays in its vault."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

from emulator.vault.errors import VaultError, bad
from emulator.vault.material import PrivateKey, encoded

_HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "ES256K": "P-256K"}
_PADDINGS = {
    "RSA-OAEP": hashes.SHA1(),  # noqa: S303  the algorithm's own definition (RFC 8017)
    "RSA-OAEP-256": hashes.SHA256(),
}
Call = Callable[[PrivateKey, dict[str, Any], dict[str, Any]], dict[str, Any]]


def sign(key: PrivateKey, properties: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Sign a digest."""
    name, digest, hashed = _asked(key, properties, body, "value")
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = utils.decode_dss_signature(key.sign(digest, ec.ECDSA(utils.Prehashed(hashed))))
        size = (key.curve.key_size + 7) // 8
        return {"value": encoded(r.to_bytes(size) + s.to_bytes(size))}
    return {"value": encoded(key.sign(digest, _padding(name, hashed), utils.Prehashed(hashed)))}


def verify(key: PrivateKey, properties: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Say whether a signature of a digest is this key's."""
    name, digest, hashed = _asked(key, properties, body, "digest")
    signature = _bytes(body, "value")
    try:
        if isinstance(key, ec.EllipticCurvePrivateKey):
            half = len(signature) // 2
            r, s = (int.from_bytes(part) for part in (signature[:half], signature[half:]))
            how = ec.ECDSA(utils.Prehashed(hashed))
            key.public_key().verify(utils.encode_dss_signature(r, s), digest, how)
        else:
            ready = utils.Prehashed(hashed)
            key.public_key().verify(signature, digest, _padding(name, hashed), ready)
    except InvalidSignature:
        return {"value": False}
    return {"value": True}


def encrypt(key: PrivateKey, _properties: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Encrypt or wrap a few bytes."""
    rsa_key, how = _encryption(key, body)
    return {"value": encoded(rsa_key.public_key().encrypt(_bytes(body, "value"), how))}


def decrypt(key: PrivateKey, _properties: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Decrypt or unwrap what `encrypt` made."""
    rsa_key, how = _encryption(key, body)
    try:
        return {"value": encoded(rsa_key.decrypt(_bytes(body, "value"), how))}
    except ValueError as error:
        raise bad("The parameter value is not encrypted with this key.") from error


# The use that a key must allow, and the action that the caller's role must, by the last word.
CALLS: dict[str, tuple[Call, str, str]] = {
    "sign": (sign, "sign", "sign"),
    "verify": (verify, "verify", "verify"),
    "encrypt": (encrypt, "encrypt", "encrypt"),
    "decrypt": (decrypt, "decrypt", "decrypt"),
    "wrapkey": (encrypt, "wrapKey", "wrap"),
    "unwrapkey": (decrypt, "unwrapKey", "unwrap"),
}


def _asked(
    key: PrivateKey, properties: dict[str, Any], body: dict[str, Any], digest_name: str
) -> tuple[str, bytes, hashes.HashAlgorithm]:
    name = str(body.get("alg"))
    hashed = _HASHES.get(name.removesuffix("K")[-3:])
    fits = (
        _CURVES.get(name) == properties.get("curveName")
        if isinstance(key, ec.EllipticCurvePrivateKey)
        else name[:2] in {"RS", "PS"}
    )
    if hashed is None or not fits:
        raise VaultError(
            400,
            "BadParameter",
            f"Key and signing algorithm are incompatible. Key is {properties['kty']} "
            f"{properties.get('curveName') or properties.get('keySize')}, algorithm is {name}.",
        )
    digest = _bytes(body, digest_name)
    if len(digest) != hashed.digest_size:
        raise bad(
            f"Invalid length of '{digest_name}': {len(digest)} bytes. {name} takes "
            f"{hashed.digest_size} bytes."
        )
    return name, digest, hashed


def _padding(name: str, hashed: hashes.HashAlgorithm) -> padding.PKCS1v15 | padding.PSS:
    if name.startswith("PS"):
        return padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    return padding.PKCS1v15()


def _encryption(key: PrivateKey, body: dict[str, Any]) -> tuple[rsa.RSAPrivateKey, padding.OAEP]:
    name = str(body.get("alg"))
    hashed = _PADDINGS.get(name)
    if hashed is None or not isinstance(key, rsa.RSAPrivateKey):
        raise bad(f"Key and encryption algorithm are incompatible; algorithm is {name}.")
    return key, padding.OAEP(padding.MGF1(hashed), hashed, None)


def _bytes(body: dict[str, Any], name: str) -> bytes:
    value = body.get(name)
    try:
        text = str(value if isinstance(value, str) else "")
        found = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad(f"The parameter {name} is not base64url.") from error
    if not found:
        raise bad(f"The parameter {name} is missing.")
    return found
