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
_ENDING = f"/providers/{ASSIGNMENTS.lower()}/"

# Principal, GUID of the role and scope, all in lower case, and the condition.
_Grant = tuple[str, str, str, str]


class _Table:
    """The assignments of one store; only those that changed are read again."""

    def __init__(self) -> None:
        self._revision = -1
        self._read: dict[str, tuple[str, _Grant]] = {}
        self._grants: dict[str, list[tuple[str, str, str]]] = {}

    def of(self, store: Store, principal_id: str) -> list[tuple[str, str, str]]:
        """Return role, scope and condition of each assignment of a principal."""
        revision = store.revision
        if revision != self._revision:
            self._refresh(store)
            self._revision = revision
        return self._grants.get(principal_id.lower(), [])

    def _refresh(self, store: Store) -> None:
        sql = "SELECT key, body FROM arm_resources WHERE type = ?"
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
        role = roles.find(guid)
        if role is None or not covers(at, scope) or not permits(role, action, data=data):
            continue
        if not condition or conditions.satisfied(condition, facts):
            return True
    return False


def roles_at(store: Store, principal: Principal, scope: str) -> list[str]:
    """Return the names of the roles that a principal has at a scope, for messages."""
    table = _tables.setdefault(store, _Table())
    found = [
        role.name if (role := roles.find(guid)) else guid
        for guid, at, _ in table.of(store, principal.object_id)
        if covers(at, scope)
    ]
    return sorted(found)
