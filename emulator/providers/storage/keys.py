"""The two keys of a storage account: derived, so that no resource and no table holds them."""

from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.store import Resource, now
from emulator.blob import signatures
from emulator.providers.checks import one_of

NAMES = ("key1", "key2")
# How often each key was made anew; the blob service derives the same keys from it.
GENERATIONS = "keyGenerations"
_CREATED = "keyCreationTime"


def initial() -> dict[str, object]:
    """Return the properties about its keys that a new account gets."""
    return {GENERATIONS: [0, 0], _CREATED: dict.fromkeys(NAMES, now())}


def listed(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - an action
    """Answer the action listKeys."""
    return _shown(ctx, resource)


def regenerate(ctx: Context, resource: Resource, body: dict[str, Any]) -> dict[str, Any]:
    """Answer the action regenerateKey."""
    name = one_of(body.get("keyName"), NAMES, "keyName")
    resource["properties"][GENERATIONS][NAMES.index(name)] += 1
    resource["properties"][_CREATED][name] = now()
    return _shown(ctx, ctx.store.put(resource))


def _shown(ctx: Context, resource: Resource) -> dict[str, Any]:
    tokens, properties = ctx.services.tokens, resource["properties"]
    return {
        "keys": [
            {
                "keyName": name,
                "value": signatures.account_key(tokens, resource["id"], number, generation),
                "permissions": "FULL",
                "creationTime": properties[_CREATED][name],
            }
            for number, (name, generation) in enumerate(
                zip(NAMES, properties[GENERATIONS], strict=True)
            )
        ]
    }
