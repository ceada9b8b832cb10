"""The data plane of Azure ML registries: discovery, and the requests of their clients."""

import re
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

from emulator.access.network import reaches
from emulator.arm import plane
from emulator.arm.behaviours import ArmRequest, Context, behaviour_of
from emulator.arm.errors import ArmError, not_found
from emulator.arm.ids import ArmId
from emulator.arm.store import Resource
from emulator.azureml import access, catalog, registry_assets
from emulator.azureml.registries import TYPE

Json = dict[str, Any]
DISCOVERY = re.compile(r"(?i)^/registrymanagement/v1\.0/registries/(?P<name>[^/]+)/discovery/?$")
PATH = re.compile(
    r"(?i)^(?P<id>/subscriptions/[^/]+/resourcegroups/[^/]+/providers/"
    r"microsoft\.machinelearningservices/registries/(?P<name>[^/]+))/(?P<rest>.+?)/?$"
)
_GROUP = "amlregistry"
READ, WRITE = f"{TYPE}/assets/read", f"{TYPE}/assets/write"


def discovered(ctx: Context, name: str) -> Response:
    """Where a registry answers: what every client asks first, whatever its region."""
    registry = registry_assets.find(ctx.store, name)
    regions = [one["location"] for one in registry["properties"]["regionDetails"]]
    parts = registry["id"].split("/")
    home = registry["location"]
    return JSONResponse(
        {
            "registryName": registry["name"],
            "tenantId": ctx.services.tokens.tenant_id,
            "primaryRegion": home,
            "regions": regions,
            "subscriptionId": parts[2],
            "resourceGroup": parts[4],
            "primaryRegionResourceProviderUri": f"https://{home}.api.azureml.ms/",
        }
    )


def answer(
    ctx: Context, method: str, found: re.Match[str], query: Mapping[str, str], body: Json
) -> Response:
    """Answer one request to a registry."""
    registry = ctx.store.get(found["id"])
    if registry is None:
        raise not_found(found["id"])
    _need_place(ctx, registry)
    segments = found["rest"].split("/")
    kind = segments[0].lower()
    writes = method == "PUT" or kind == "import"
    access.need_role(ctx.store, ctx.caller, registry, WRITE if writes else READ)
    match [method, kind, *segments[1:]]:
        case ["PUT", "tempdatarefs", _name, "versions", _version]:
            id_ = _version_id(registry, str(body.get("assetId") or ""))
            return JSONResponse(registry_assets.upload_place(ctx, registry, id_))
        case ["POST", "datarefs", _name, "versions", _version]:
            uri = str(body.get("blobUri") or "")
            return JSONResponse(registry_assets.read_place(ctx, registry, uri))
        case ["POST", "import"]:
            return _imported(ctx, registry, body)
    if kind not in registry_assets.KINDS:
        msg = (
            f"A registry of the local Azure has no {segments[0]}; it has"
            f" {', '.join(registry_assets.KINDS)}."
        )
        raise ArmError(501, "NotImplemented", msg)
    return _assets(ctx, method, registry, segments, query, body)


def _assets(  # noqa: PLR0917  one request, taken apart
    ctx: Context,
    method: str,
    registry: Resource,
    segments: list[str],
    query: Mapping[str, str],
    body: Json,
) -> Response:
    base, kind = registry["id"], segments[0].lower()
    match [method, *segments[1:]]:
        case ["GET"]:
            return JSONResponse({"value": catalog.containers(ctx.store, base, kind, query)})
        case ["GET", name]:
            return JSONResponse(catalog.container(ctx.store, base, kind, name))
        case ["GET", name, "versions"]:
            found = catalog.versions(ctx.store, base, kind, name, query)
            shown = behaviour_of(f"{TYPE}/{kind}/versions")
            return JSONResponse({"value": [shown.view(ctx, one) for one in found]})
        case ["GET", name, "versions", version]:
            id_ = ArmId.parse(f"{base}/{kind}/{name}/versions/{version}")
            return JSONResponse(plane.read(ctx, id_))
        case ["PUT", name, "versions", version]:
            made, new = _put(ctx, registry, (kind, name, version), body)
            return JSONResponse(made, 201 if new else 200)
    raise ArmError(405, "MethodNotAllowed", f"{method} is not answered on {'/'.join(segments)}.")


def _imported(ctx: Context, registry: Resource, body: Json) -> Response:
    """Share an asset of a workspace: the one way that leads from there to a registry."""
    kind, name, version, made = registry_assets.share(ctx, registry, body)
    id_ = f"{registry['id']}/{kind}/{name}/versions/{version}"
    if ctx.store.get(id_) is not None:
        msg = f"{kind}/{name} version {version} exists already in {registry['name']!r}."
        raise ArmError(409, "Conflict", msg)
    _put(ctx, registry, (kind, name, version), made)
    return Response(None, 200)


def _put(
    ctx: Context, registry: Resource, asset: tuple[str, str, str], body: Json
) -> tuple[Resource, bool]:
    kind, name, version = asset
    base = registry["id"]
    catalog.ensure_container(ctx.store, base, kind, name, TYPE)
    id_ = f"{base}/{kind}/{name}/versions/{version}"
    request = ArmRequest(method="PUT", path=id_, query={}, body=body, headers={}, ctx=ctx)
    return plane.write(request, ArmId.parse(id_))


def _version_id(registry: Resource, asset_id: str) -> str:
    prefix, _, rest = asset_id.partition("/registries/")
    name, _, path = rest.partition("/")
    if prefix != "azureml:/" or name.lower() != registry["name"].lower() or not path:
        msg = f"assetId is {asset_id!r}; give azureml://registries/{registry['name']}/..."
        raise ArmError(400, "UserError", msg, "assetId")
    return f"{registry['id']}/{path}"


def _need_place(ctx: Context, registry: Resource) -> None:
    refusal = reaches(ctx.store, ctx.caller.place, registry, _GROUP)
    if refusal is not None:
        raise ArmError(403, refusal.code, refusal.message)
