"""Role-based access control: may this principal do this here?"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from weakref import WeakKeyDictionary

from emulator.access import conditions, roles
from emulator.arm.store import Store
from emulator.login.callers import Principal

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
_ENDING = f"/providers/{ASSIGNMENTS.lower()}/"

# Principal, GUID of the role and scope, all in lower case, and the condition.
_Grant = tuple[str, str, str, str]


class _Table:
    """The assignments and custom roles of one store; assignments that changed are read again."""

    def __init__(self) -> None:
        self._revision = -1
        self._read: dict[str, tuple[str, _Grant]] = {}
        self._grants: dict[str, list[tuple[str, str, str]]] = {}
        self._custom: dict[str, roles.Role] = {}

    def role(self, guid: str) -> roles.Role | None:
        """Return a built-in or custom role of one that `of` has just told of."""
        return roles.find(guid) or self._custom.get(guid)

    def of(self, store: Store, principal_id: str) -> list[tuple[str, str, str]]:
        """Return role, scope and condition of each assignment of a principal."""
        revision = store.revision
        if revision != self._revision:
            self._refresh(store)
            self._revision = revision
        return self._grants.get(principal_id.lower(), [])

    def _refresh(self, store: Store) -> None:
        sql = "SELECT key, body FROM arm_resources WHERE type = ?"
        custom = (_role(body) for _, body in store.query(sql, (DEFINITIONS.lower(),)))
        self._custom = {role.guid: role for role in custom}
        rows = dict(store.query(sql, (ASSIGNMENTS.lower(),)))
        known = self._read
        if len(rows) == len(known) and all(
            key in known and known[key][0] == body for key, body in rows.items()
        ):
            return
        self._read = {
            key: known[key] if key in known and known[key][0] == body else (body, _grant(key, body))
            for key, body in rows.items()
        }
        grants: dict[str, list[tuple[str, str, str]]] = {}
        for _body, (principal, *grant) in self._read.values():
            guid, scope, condition = grant
            grants.setdefault(principal, []).append((guid, scope, condition))
        self._grants = grants


_tables: WeakKeyDictionary[Store, _Table] = WeakKeyDictionary()


def _grant(key: str, body: str) -> _Grant:
    properties = json.loads(body)["properties"]
    guid = str(properties["roleDefinitionId"]).rpartition("/")[2].lower()
    scope = key.lower().rpartition(_ENDING)[0]
    condition = str(properties.get("condition") or "")
    return str(properties["principalId"]).lower(), guid, scope, condition


@lru_cache(maxsize=256)
def _role(body: str) -> roles.Role:
    found = json.loads(body)
    (permission,) = found["properties"]["permissions"]
    return roles.Role(
        guid=found["name"].lower(),
        name=found["properties"]["roleName"],
        actions=tuple(permission["actions"]),
        not_actions=tuple(permission["notActions"]),
        data_actions=tuple(permission["dataActions"]),
        not_data_actions=tuple(permission["notDataActions"]),
    )


def assignable(store: Store, definition_id: str, scope: str) -> bool | None:
    """Say whether a role can be assigned at a scope; None where there is no such role."""
    guid = definition_id.rstrip("/").rpartition("/")[2].lower()
    if roles.find(guid) is not None:
        return True
    for custom in store.find(DEFINITIONS):
        if custom["name"].lower() == guid:
            return any(covers(at, scope) for at in custom["properties"]["assignableScopes"])
    return None


@lru_cache(maxsize=4096)
def _pattern(action: str) -> re.Pattern[str]:
    # `workspaces/*/write` is also `workspaces/write`: Azure's own definitions take that out again.
    escaped = re.escape(action.lower()).replace(r"/\*/", "/(?:.*/)?")
    return re.compile(escaped.replace(r"\*", ".*"))


def matches(patterns: Iterable[str], action: str) -> bool:
    """Say whether an action is one of `patterns`: case does not count, `*` stands for anything."""
    wanted = action.lower()
    return any(_pattern(pattern).fullmatch(wanted) for pattern in patterns)


@lru_cache(maxsize=8192)
def permits(role: roles.Role, action: str, *, data: bool) -> bool:
    """Say whether a role allows an action of the control plane, or of the data plane."""
    if data:
        return matches(role.data_actions, action) and not matches(role.not_data_actions, action)
    return matches(role.actions, action) and not matches(role.not_actions, action)


def covers(scope: str, target: str) -> bool:
    """Say whether an assignment at `scope` holds for `target`: the same, or something below it."""
    above, below = scope.rstrip("/").lower(), target.rstrip("/").lower()
    return not above or above == below or below.startswith(f"{above}/")


def allows(
    store: Store,
    principal: Principal,
    action: str,
    scope: str,
    *,
    data: bool = False,
    facts: conditions.Facts | None = None,
) -> bool:
    """Say whether a role of the principal, at the scope or above it, allows the action.

    `facts` are what conditions ask for; without them they see the action alone.
    """
    table = _tables.setdefault(store, _Table())
    facts = facts or conditions.Facts(action)
    for guid, at, condition in table.of(store, principal.object_id):
        role = table.role(guid)
        if role is None or not covers(at, scope) or not permits(role, action, data=data):
            continue
        if not condition or conditions.satisfied(condition, facts):
            return True
    return False


def roles_at(store: Store, principal: Principal, scope: str) -> list[str]:
    """Return the names of the roles that a principal has at a scope, for messages."""
    table = _tables.setdefault(store, _Table())
    found = [
        role.name if (role := table.role(guid)) else guid
        for guid, at, _ in table.of(store, principal.object_id)
        if covers(at, scope)
    ]
    return sorted(found)
