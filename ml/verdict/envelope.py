"""The file of a verdict: readable JSON with a detached JWS (RFC 7515, appendix F) beside it.

The signed bytes are the header and the canonical JSON of the verdict, so that any JOSE library can
check them, and people can read what they sign. The header names the kind of document, so that
nothing that was signed as one thing is ever read as another.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import cast

from pydantic import BaseModel

from ml.verdict import canonical
from ml.verdict.errors import VerdictError
from ml.verdict.keys import ALGORITHM, Signer, TrustedKeys, base64url, from_base64url

NAME = "verdict.json"
TYPE = "mlops-verdict+json"
HEADER = frozenset({"alg", "kid", "typ"})


@dataclass(frozen=True)
class Kind:
    """What is signed: the part of the file that holds it, and the type that its header names."""

    part: str
    type: str

    @property
    def parts(self) -> frozenset[str]:
        """All that the file holds."""
        return frozenset({self.part, "protected", "signature"})


VERDICT = Kind("verdict", TYPE)


@dataclass(frozen=True)
class Opened:
    """A document whose signature holds, and the key that made it."""

    document: object
    key_id: str


def seal(content: BaseModel, signer: Signer, kind: Kind = VERDICT) -> str:
    """Sign a document and return its file."""
    document = content.model_dump(mode="json")
    header = {"alg": ALGORITHM, "kid": signer.key_id, "typ": kind.type}
    protected = base64url(canonical.encode(header))
    signature = signer.sign(hashlib.sha256(_signed(protected, document)).digest())
    sealed = {"protected": protected, "signature": base64url(signature), kind.part: document}
    return json.dumps(sealed, indent=2, ensure_ascii=False) + "\n"


def unseal(text: str | bytes, keys: TrustedKeys, kind: Kind = VERDICT) -> Opened:
    """Check the signature; nothing of the document is believed before."""
    found, parts = canonical.decode(text), kind.parts
    if not isinstance(found, dict) or set(found) != parts:
        named = ", ".join(sorted(found)) if isinstance(found, dict) else type(found).__name__
        raise VerdictError(f"it has {named or 'nothing'}, wanted are {', '.join(sorted(parts))}")
    sealed = cast("dict[str, object]", found)
    protected = str(sealed["protected"])
    header = canonical.decode(_bytes(protected, "header"))
    if not isinstance(header, dict) or set(header) != HEADER:
        raise VerdictError(f"its header is {header}, wanted are {', '.join(sorted(HEADER))}")
    # Whoever may choose the algorithm may choose none: it is compared, never obeyed.
    for name, wanted in (("alg", ALGORITHM), ("typ", kind.type)):
        if header[name] != wanted:
            raise VerdictError(f"its header has {name} {header[name]!r}, wanted is {wanted!r}")
    key = keys.find(str(header["kid"]))
    signature = _bytes(str(sealed["signature"]), "signature")
    key.verify(_signed(protected, sealed[kind.part]), signature)
    return Opened(sealed[kind.part], key.key_id)


def digest(text: str | bytes, kind: Kind = VERDICT) -> str:
    """Return the digest of a document's content, however its file is laid out."""
    found = canonical.decode(text)
    document = found.get(kind.part) if isinstance(found, dict) else None
    return hashlib.sha256(canonical.encode(document)).hexdigest()


def _signed(protected: str, document: object) -> bytes:
    try:
        payload = base64url(canonical.encode(document))
    except (TypeError, ValueError) as error:
        raise VerdictError(f"its content cannot be written canonically: {error}") from error
    return f"{protected}.{payload}".encode("ascii", errors="backslashreplace")


def _bytes(text: str, name: str) -> bytes:
    try:
        return from_base64url(text)
    except ValueError as error:
        raise VerdictError(f"its {name} is no base64url: {error}") from error
