"""The built-in roles that the platform's table uses, with their permissions.

The permissions stand in `roles.json`. Those marked `compared` were held against a stored text of
the definition (April 2024, or later up to December 2025); the others stand as remembered from it.
https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
CONTAINERS = f"{BLOBS}/containers"
ML = "Microsoft.MachineLearningServices"
_TYPE = "Microsoft.Authorization/roleDefinitions"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role definition: what it allows on the control plane and on the data plane."""

    guid: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()


def _read() -> tuple[Role, ...]:
    known = json.loads(Path(__file__).with_suffix(".json").read_text())
    return tuple(
        Role(
            guid=role["guid"],
            name=role["name"],
            actions=tuple(role["actions"]),
            not_actions=tuple(role["notActions"]),
            data_actions=tuple(role["dataActions"]),
            not_data_actions=tuple(role["notDataActions"]),
        )
        for role in known
    )


ROLES = _read()


@cache
def by_guid() -> dict[str, Role]:
    """Return the roles by the GUID of their definition."""
    return {role.guid: role for role in ROLES}


def find(definition_id: str) -> Role | None:
    """Return the role of a definition's id or GUID; None for one that is not known here."""
    return by_guid().get(definition_id.rstrip("/").rpartition("/")[2].lower())


def definition(role: Role, scope: str) -> dict[str, object]:
    """Return a role as ARM shows its definition."""
    return {
        "id": f"{scope.rstrip('/')}/providers/{_TYPE}/{role.guid}",
        "name": role.guid,
        "type": _TYPE,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.name,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": list(role.data_actions),
                    "notDataActions": list(role.not_data_actions),
                }
            ],
        },
    }
