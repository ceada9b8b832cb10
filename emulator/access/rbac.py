"""Role-based access control: may this principal do this here?"""

import re
from collections.abc import Iterable
from functools import lru_cache
from weakref import WeakKeyDictionary

from emulator.access import roles
from emulator.arm.store import Store
from emulator.login.callers import Principal

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"

# Role guids and scopes of each principal, for one state of the store.
_Grants = dict[str, list[tuple[str, str]]]
_cache: WeakKeyDictionary[Store, tuple[tuple[int, ...], _Grants]] = WeakKeyDictionary()


@lru_cache(maxsize=4096)
def _pattern(action: str) -> re.Pattern[str]:
    return re.compile(re.escape(action.lower()).replace(r"\*", ".*"))


def matches(patterns: Iterable[str], action: str) -> bool:
    """Say whether an action is one of `patterns`: case does not count, `*` stands for anything."""
    wanted = action.lower()
    return any(_pattern(pattern).fullmatch(wanted) for pattern in patterns)


def permits(role: roles.Role, action: str, *, data: bool) -> bool:
    """Say whether a role allows an action of the control plane, or of the data plane."""
    if data:
        return matches(role.data_actions, action) and not matches(role.not_data_actions, action)
    return matches(role.actions, action) and not matches(role.not_actions, action)


def covers(scope: str, target: str) -> bool:
    """Say whether an assignment at `scope` holds for `target`: the same, or something below it."""
    above, below = scope.rstrip("/").lower(), target.rstrip("/").lower()
    return not above or above == below or below.startswith(f"{above}/")


def _grants(store: Store) -> _Grants:
    state = (store.revision,)
    cached = _cache.get(store)
    if cached is not None and cached[0] == state:
        return cached[1]
    found: _Grants = {}
    for assignment in store.find(ASSIGNMENTS):
        properties = assignment["properties"]
        scope = assignment["id"].lower().rpartition(f"/providers/{ASSIGNMENTS.lower()}")[0]
        guid = str(properties["roleDefinitionId"]).rpartition("/")[2].lower()
        found.setdefault(str(properties["principalId"]).lower(), []).append((guid, scope))
    _cache[store] = (state, found)
    return found


def allows(
    store: Store, principal: Principal, action: str, scope: str, *, data: bool = False
) -> bool:
    """Say whether a role of the principal, at the scope or above it, allows the action."""
    for guid, at in _grants(store).get(principal.object_id.lower(), ()):
        role = roles.find(guid)
        if role is not None and covers(at, scope) and permits(role, action, data=data):
            return True
    return False
