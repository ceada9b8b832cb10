"""Role definitions as they are read: the built-in roles at every scope, and custom ones."""

import re

from starlette.responses import JSONResponse, Response

from emulator.access import rbac, roles
from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError

_PATH = re.compile(
    r"(?P<scope>.*)/providers/microsoft\.authorization/roledefinitions(/(?P<name>[^/]+))?",
    re.IGNORECASE,
)
_BY_NAME = re.compile(r"roleName eq '(?P<name>[^']+)'", re.IGNORECASE)


@arm_route("Microsoft.Authorization")
async def handle(request: ArmRequest) -> Response | None:
    """Answer a request about role definitions; leave all other requests alone."""
    match = _PATH.fullmatch("/" + request.path.strip("/"))
    if match is None:
        return None
    scope = match["scope"]
    if match["name"]:
        role = roles.find(match["name"])
        if request.method != "GET":
            return None  # a custom role is a resource like others
        if role is not None:
            return JSONResponse(roles.definition(role, scope))
        for custom in request.ctx.store.find(rbac.DEFINITIONS):
            if custom["name"].lower() == match["name"].lower():
                return JSONResponse(custom)
        raise ArmError(
            404,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{match['name']}' does not exist.",
        )
    wanted = _BY_NAME.search(request.query.get("$filter", ""))
    found = [
        roles.definition(role, scope)
        for role in roles.ROLES
        if wanted is None or role.name.lower() == wanted["name"].lower()
    ]
    found += [
        custom
        for custom in request.ctx.store.find(rbac.DEFINITIONS)
        if any(
            rbac.covers(at, scope) or rbac.covers(scope, at)
            for at in custom["properties"]["assignableScopes"]
        )
        and (wanted is None or custom["properties"]["roleName"].lower() == wanted["name"].lower())
    ]
    return JSONResponse({"value": found})
