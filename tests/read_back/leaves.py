"""Compares what a program gave with what a client read, value by value, by the field's own name.

The names are the only thing both sides share: nothing here knows the mapping between
azure-native's inputs and ARM's bodies that the provider and the local Azure use.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

Leaf = tuple[str, str]  # a name in lower case and its value in words

SECRET = "4dabf18193072939515e22adb298388d"  # Pulumi's mark on a value that is one
# azure-native's name for what Azure calls otherwise.
RENAMED = {
    "enablehttpstrafficonly": "supportshttpstrafficonly",
    "encryptionuserassignedidentity": "userassignedidentity",
}
# Inputs that no client shows: Azure returns no template of a deployment, and two of Purview's
# switches are younger than its newest client.
UNREAD = {
    "azure-native:purview:Account": {"managedEventHubState", "managedResourcesPublicNetworkAccess"},
    "azure-native:resources:Deployment": {"properties"},
}


def leaves(value: object, key: str = "") -> Iterator[Leaf]:
    """Yield each scalar below a value with the name that it stands under; items bear the list's."""
    if isinstance(value, Mapping):
        if SECRET in value:
            return
        for name, below in value.items():
            if name.startswith("/"):  # identities: a list of ids here, a map of them there
                yield _name(key), _plain(name)
            else:
                yield from leaves(below, name)
    elif isinstance(value, (list, tuple)):
        for below in value:
            yield from leaves(below, key)
    elif value is not None:
        yield _name(key), _plain(value)


def missing(given: Mapping[str, object], found: Mapping[str, object]) -> list[Leaf]:
    """Return what was given and is not found under its name."""
    there = set(leaves(found))
    return [
        (name, value)
        for name, value in leaves(given)
        if (name, value) not in there and (RENAMED.get(name, name), value) not in there
    ]


def _name(key: str) -> str:
    return re.sub("[^a-z0-9]", "", key.lower())


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(float(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).casefold()
