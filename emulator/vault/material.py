"""Private halves and secret values: kept sealed, under a key of this local Azure alone."""

import base64

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from emulator.arm.store import Store
from emulator.login.tokens import Tokens

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_SCHEMA = """CREATE TABLE IF NOT EXISTS keyvault_material (
    uri TEXT PRIMARY KEY, sealed BLOB NOT NULL) WITHOUT ROWID"""
_CURVES: dict[str, ec.EllipticCurve] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "P-521": ec.SECP521R1(),
    "P-256K": ec.SECP256K1(),
}


class Material:
    """What a vault knows and does not tell, by the address of a version."""

    def __init__(self, store: Store, tokens: Tokens) -> None:
        self._store = store
        self._seal = Fernet(base64.urlsafe_b64encode(tokens.derive("key vault", "material")))
        store.execute(_SCHEMA)

    def key(self, uri: str, properties: dict) -> PrivateKey:
        """Return a version's private key; made at its first use, as ARM only describes a key."""
        sealed = self._read(uri)
        if sealed is None:
            made = _made(properties)
            text = made.private_bytes(ser.Encoding.DER, ser.PrivateFormat.PKCS8, ser.NoEncryption())
            # Two first uses at one time: the one that was written first is the key.
            self._write(uri, text, replace=False)
            sealed = self._read(uri)
        found = ser.load_der_private_key(sealed or b"", None)
        if not isinstance(found, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
            raise TypeError(f"{uri} is a {type(found).__name__}, not a key of a vault")
        return found

    def value(self, uri: str) -> str | None:
        """Return the value of a version of a secret."""
        found = self._read(uri)
        return None if found is None else found.decode()

    def keep(self, uri: str, value: str) -> None:
        """Keep the value of a version of a secret."""
        self._write(uri, value.encode(), replace=True)

    def forget(self, base: str) -> None:
        """Forget all versions below an address."""
        self._store.execute(
            "DELETE FROM keyvault_material WHERE uri >= ? AND uri < ?", (f"{base}/", f"{base}0")
        )

    def _read(self, uri: str) -> bytes | None:
        rows = self._store.query("SELECT sealed FROM keyvault_material WHERE uri = ?", (uri,))
        for (sealed,) in rows:
            return self._seal.decrypt(sealed)
        return None

    def _write(self, uri: str, content: bytes, *, replace: bool) -> None:
        word = "REPLACE" if replace else "IGNORE"
        self._store.execute(
            f"INSERT OR {word} INTO keyvault_material VALUES (?, ?)",  # noqa: S608  one of two words
            (uri, self._seal.encrypt(content)),
        )


def _made(properties: dict) -> PrivateKey:
    if properties["kty"].startswith("EC"):
        return ec.generate_private_key(_CURVES[properties["curveName"]])
    return rsa.generate_private_key(65537, properties["keySize"])


def public(key: PrivateKey) -> dict[str, str]:
    """Return the public half as the members of a JSON Web Key."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"n": _integer(numbers.n), "e": _integer(numbers.e)}
    numbers = key.public_key().public_numbers()
    size = (key.curve.key_size + 7) // 8
    return {"x": encoded(numbers.x.to_bytes(size)), "y": encoded(numbers.y.to_bytes(size))}


def _integer(number: int) -> str:
    return encoded(number.to_bytes((number.bit_length() + 7) // 8))


def encoded(content: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
