"""Values that a client writes and nobody reads again: kept as digests, never shown."""

import hashlib
from collections.abc import Mapping

_MARK = "sealed:"


def sealed(value: object) -> str:
    """Return what is kept of a secret value; what is sealed already stays as it is.

    A digest tells a changed value from the same one, which is all that the local Azure needs.
    """
    text = str(value)
    if text.startswith(_MARK):
        return text
    return _MARK + hashlib.sha256(text.encode()).hexdigest()


def sealed_all(values: Mapping[str, object]) -> dict[str, str]:
    """Return what is kept of secret values by name."""
    return {name: sealed(value) for name, value in values.items()}
