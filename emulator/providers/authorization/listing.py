"""Lists of role assignments, which also show what is inherited from above."""

import re

from starlette.responses import JSONResponse, Response

from emulator.access.rbac import covers
from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.authorization.assignments import TYPE

_PATH = re.compile(
    r"(?P<scope>.*)/providers/microsoft\.authorization/roleassignments", re.IGNORECASE
)
_FILTER = re.compile(
    r"(?P<at>atScope\(\))|principalId eq '?(?P<principal>[0-9a-f-]{36})'?"
    r"|assignedTo\('(?P<to>[0-9a-f-]{36})'\)",
    re.IGNORECASE,
)


@arm_route("Microsoft.Authorization")
async def handle(request: ArmRequest) -> Response | None:
    """Answer a list of role assignments; leave all other requests alone."""
    match = _PATH.fullmatch("/" + request.path.strip("/"))
    if match is None or request.method != "GET":
        return None
    scope = match["scope"].rstrip("/")
    only_above, principal = _wishes(request.query.get("$filter", ""))
    shown = [
        one
        for one in request.ctx.store.find(TYPE)
        if _stands(one, scope, only_above=only_above)
        and (principal is None or one["properties"]["principalId"].lower() == principal)
    ]
    return JSONResponse({"value": shown})


def _wishes(text: str) -> tuple[bool, str | None]:
    only_above, principal = False, None
    for part in re.split(r"\s+and\s+", text.strip()) if text.strip() else []:
        match = _FILTER.fullmatch(part.strip())
        if match is None:
            sentence = (
                f"The filter '{part}' is not supported; wanted: atScope(), principalId eq '...' or "
                "assignedTo('...')."
            )
            raise ArmError(400, "UnsupportedQuery", sentence, "$filter")
        only_above = only_above or bool(match["at"])
        principal = match["principal"] or match["to"] or principal
    return only_above, principal.lower() if principal else None


def _stands(assignment: Resource, scope: str, *, only_above: bool) -> bool:
    own = assignment["properties"].get("scope") or "/"
    return covers(own, scope or "/") or (not only_above and covers(scope or "/", own))
