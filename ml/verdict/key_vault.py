"""Keys in Azure Key Vault: it signs without giving the key away, and tells the public half."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ml.errors import PlatformError, TaskError
from ml.verdict.errors import VerdictError
from ml.verdict.keys import PublicKey

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.keys import KeyVaultKey


@dataclass(frozen=True)
class KeyName:
    """A key of a vault, of one version or, where that is empty, of any."""

    vault: str
    name: str
    version: str = ""

    @classmethod
    def parse(cls, key_id: str) -> "KeyName":
        """Read an identifier such as https://vault.vault.azure.net/keys/verdicts/0a1b."""
        parts = urlsplit(key_id)
        match parts.path.strip("/").split("/"):
            case ["keys", name, *version] if name and len(version) <= 1:
                exact = not (parts.query or parts.fragment or parts.username)
                if parts.scheme == "https" and parts.hostname and exact:
                    vault = f"https://{parts.netloc.lower()}"
                    return cls(vault, name, version[0] if version else "")
        raise TaskError(
            f"{key_id!r} is no key of Key Vault; give its identifier, such as "
            "https://my-vault.vault.azure.net/keys/verdicts"
        )

    def __str__(self) -> str:
        return "/".join([self.vault, "keys", self.name, *([self.version] if self.version else [])])

    def covers(self, other: "KeyName") -> bool:
        """Whether the other is this key, in this version if one is named."""
        same = (self.vault, self.name.lower()) == (other.vault, other.name.lower())
        return same and self.version in {"", other.version}


@dataclass(frozen=True)
class KeyVaultSigner:
    """Signs with the sign operation of the vault; needs Key Vault Crypto User on the key."""

    key: str
    credential: "TokenCredential"

    @property
    def key_id(self) -> str:
        """The key with the version that is current now."""
        return str(self._current.id)

    def sign(self, digest: bytes) -> bytes:
        """Ask the vault to sign a digest."""
        from azure.keyvault.keys.crypto import (  # noqa: PLC0415  a second that --help does not need
            CryptographyClient,
            SignatureAlgorithm,
        )

        with explained(self.key), CryptographyClient(self._current, self.credential) as client:
            return client.sign(SignatureAlgorithm.es256, digest).signature

    @cached_property
    def _current(self) -> "KeyVaultKey":
        found = _fetch(KeyName.parse(self.key), self.credential)
        _public(found)  # a key of another kind is refused before a verdict is made for it
        return found


@dataclass(frozen=True)
class KeyVaultKeys:
    """Trusts one key of a vault, in any of its enabled versions if none is named."""

    key: str
    credential: "TokenCredential"

    def find(self, key_id: str) -> PublicKey:
        """Return the key of this name; a key of another vault is never asked for."""
        trusted = KeyName.parse(self.key)
        try:
            asked = KeyName.parse(key_id)
        except TaskError as error:
            raise VerdictError(f"it is signed by key {key_id}, trusted is {trusted}") from error
        if not asked.version or not trusted.covers(asked):
            raise VerdictError(f"it is signed by key {key_id}, trusted is {trusted}")
        return _public(_fetch(asked, self.credential))


@contextmanager
def explained(key: str) -> Generator[None, None, None]:
    """Turn what Key Vault's client raises into one sentence that says what to do next."""
    from azure.core import exceptions  # noqa: PLC0415  as above

    try:
        yield
    except exceptions.ClientAuthenticationError as error:
        raise PlatformError(
            f"not signed in for key {key}: run `az login`, or run this step under a managed "
            f"identity ({_first(error)})"
        ) from error
    except exceptions.ResourceNotFoundError as error:
        raise PlatformError(
            f"key {key} was not found: check its identifier, or deploy the platform with `make up` "
            f"({_first(error)})"
        ) from error
    except exceptions.HttpResponseError as error:
        hint = (
            "; signing needs Key Vault Crypto User, which the gate's identity has and no other, "
            "checking needs Key Vault Reader"
            if error.status_code == 403
            else ""
        )
        raise PlatformError(f"key {key} refused: {_first(error)}{hint}") from error
    except (exceptions.ServiceRequestError, exceptions.ServiceResponseError) as error:
        raise PlatformError(
            f"key {key} cannot be reached: check the network and that the platform is up "
            f"({_first(error)})"
        ) from error


def _fetch(key: KeyName, credential: "TokenCredential") -> "KeyVaultKey":
    from azure.keyvault.keys import KeyClient  # noqa: PLC0415  as above

    with explained(str(key)), KeyClient(key.vault, credential) as client:
        found = client.get_key(key.name, key.version or None)
    properties, now = found.properties, datetime.now(UTC)
    if properties.enabled is False:
        raise VerdictError(f"key {found.id} is disabled; sign with an enabled version")
    if properties.expires_on and properties.expires_on <= now:
        raise VerdictError(
            f"key {found.id} expired at {properties.expires_on:%Y-%m-%d %H:%M} UTC; rotate it"
        )
    return found


def _public(found: "KeyVaultKey") -> PublicKey:
    # The client sets what a key consists of when it reads one, and uses enumerations at times.
    parts = {name: getattr(found.key, name, None) for name in ("kty", "crv", "x", "y")}
    return PublicKey.of_jwk(
        {name: getattr(part, "value", part) for name, part in parts.items()} | {"kid": found.id}
    )


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
