"""Role definitions: the built-in roles, at every scope."""

import re

from starlette.responses import JSONResponse, Response

from emulator.access import roles
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
    if request.method != "GET":
        sentence = f"{request.method} is not allowed: the local Azure has built-in roles only."
        raise ArmError(405, "MethodNotAllowed", sentence)
    scope = match["scope"]
    if match["name"]:
        role = roles.find(match["name"])
        if role is None:
            raise ArmError(
                404,
                "RoleDefinitionDoesNotExist",
                f"The specified role definition with ID '{match['name']}' does not exist.",
            )
        return JSONResponse(roles.definition(role, scope))
    wanted = _BY_NAME.search(request.query.get("$filter", ""))
    found = [
        roles.definition(role, scope)
        for role in roles.ROLES
        if wanted is None or role.name.lower() == wanted["name"].lower()
    ]
    return JSONResponse({"value": found})
