"""The API of deleted vaults: see them, list them, purge them."""

import re
from typing import Any

from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError
from emulator.providers.keyvault import graveyard

_PATH = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/providers/microsoft\.keyvault/"
    r"(locations/(?P<location>[^/]+)/)?deletedvaults(/(?P<name>[^/]+)(?P<purge>/purge)?)?",
    re.IGNORECASE,
)


@arm_route("Microsoft.KeyVault")
async def handle(request: ArmRequest) -> Response | None:
    """Answer a request about deleted vaults; leave all others alone."""
    match = _PATH.fullmatch("/" + request.path.strip("/"))
    if match is None:
        return None
    store = request.ctx.store
    if not match["name"]:
        return JSONResponse({"value": [_shown(one) for one in graveyard.everyone(store)]})
    gone = graveyard.find(store, match["name"])
    wanted = (match["location"] or "").replace(" ", "").lower()
    if gone is None or gone["properties"]["location"] != wanted:
        sentence = f"The specified deleted vault '{match['name']}' does not exist in '{wanted}'."
        raise ArmError(404, "DeletedVaultNotFound", sentence)
    if not match["purge"]:
        if request.method != "GET":
            sentence = f"{request.method} is not allowed on a deleted vault; wanted: GET or purge."
            raise ArmError(405, "MethodNotAllowed", sentence)
        return JSONResponse(_shown(gone))
    if gone["properties"]["purgeProtectionEnabled"]:
        raise ArmError(
            409,
            "MethodNotAllowed",
            f"Operation 'DeletedVaultPurge' is not allowed on '{gone['name']}': it has purge "
            f"protection until {gone['properties']['scheduledPurgeDate']}.",
        )
    graveyard.purge(store, gone["name"])
    return Response(status_code=200)


def _shown(gone: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in gone.items() if name != "_vault"}
