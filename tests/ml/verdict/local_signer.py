"""An EC key that lives in the tests' own process: what Key Vault does, without a vault."""

from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

from ml.verdict.keys import JwkKeys, PublicKey, base64url


@dataclass(frozen=True)
class LocalSigner:
    """A signer whose private key anyone in the process could read."""

    key_id: str = "https://test.vault.azure.net/keys/verdicts/1"
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def sign(self, digest: bytes) -> bytes:
        algorithm = ec.ECDSA(Prehashed(hashes.SHA256()))
        r, s = decode_dss_signature(self.key.sign(digest, algorithm))
        return r.to_bytes(32) + s.to_bytes(32)

    @property
    def jwk(self) -> dict[str, str]:
        point = self.key.public_key().public_numbers()
        return {
            "kty": "EC",
            "crv": "P-256",
            "kid": self.key_id,
            "x": base64url(point.x.to_bytes(32)),
            "y": base64url(point.y.to_bytes(32)),
        }

    @property
    def trusted(self) -> JwkKeys:
        return JwkKeys((PublicKey.of_jwk(self.jwk),))
