"""Type tokens of azure-native: one rule for all API versions of a type."""

import re
from dataclasses import dataclass
from functools import lru_cache

# azure-native:storage:StorageAccount                     the default API version
# azure-native:storage/v20230101:StorageAccount           another one, up to release 2
# azure-native_storage_v20230101:storage:StorageAccount   another one, a generated local package
_TOKEN = re.compile(
    r"azure-native(?:_\w+?_v(?P<package>\w+))?:"
    r"(?P<module>\w+)(?:/v(?P<version>\w+))?:(?P<name>\w+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Kind:
    """A type without its API version: `storage:StorageAccount`."""

    name: str
    api_version: str | None
    """As `20230101` or `20230101preview`; None is the provider's default."""

    def is_one_of(self, names: tuple[str, ...]) -> bool:
        return any(self.name.casefold() == name.casefold() for name in names)


@lru_cache(maxsize=4096)
def kind_of(token: str) -> Kind:
    """Take a type token apart; one of another provider keeps its whole text as its name."""
    match = _TOKEN.fullmatch(token)
    if not match:
        return Kind(token, None)
    version = match["package"] or match["version"]
    return Kind(f"{match['module']}:{match['name']}", version)


def is_ours(token: str) -> bool:
    """Whether a type is azure-native's, in whichever API version."""
    return _TOKEN.fullmatch(token) is not None
