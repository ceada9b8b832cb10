"""Models, environments and data in Azure ML registries, with the bytes that they stand for."""

import hashlib
import re
import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Context, behaviour
from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Resource, Store, now
from emulator.azureml import access, assets, sas
from emulator.azureml.places import Place, PlaceError, Places
from emulator.azureml.registries import TYPE
from emulator.azureml.text import NAMESPACE, bad, one_of
from emulator.azureml.uris import BlobPath, parse
from emulator.blob import datapath
from emulator.blob.errors import StorageError
from emulator.login.callers import Caller
from emulator.runner import permission

Json = dict[str, Any]
KINDS = ("models", "environments", "data")
_SOURCE = re.compile(
    r"(?i)^azureml://locations/(?P<location>[^/]+)/workspaces/(?P<guid>[^/]+)/"
    r"(?P<kind>[^/]+)/(?P<name>[^/]+)/versions/(?P<version>[^/]+)$"
)
_KEPT = ("tags", "properties", "description", "isArchived")
_SUBSTANCE = {
    "models": ("modelType", "modelUri", "flavors"),
    "data": ("dataType", "dataUri"),
    "environments": ("image", "condaFile", "osType", "inferenceConfig"),
}
_URIS = {"models": "modelUri", "data": "dataUri"}


def asset_id(registry: str, kind: str, name: str, version: str) -> str:
    """The id by which everyone names an asset of a registry."""
    return f"azureml://registries/{registry}/{kind}/{name}/versions/{version}"


def _named(resource: Resource) -> Resource:
    """A version as it is shown: by the registry's own id."""
    registry, name = resource["id"].split("/")[8], assets.asset_name(resource["id"])
    kind = resource["type"].split("/")[-2]
    return {**resource, "id": asset_id(registry, kind, name, resource["name"])}


@behaviour
class RegistryModel(assets.ModelVersion):
    """A model in a registry."""

    type: ClassVar[str] = f"{TYPE}/models/versions"

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return _named(resource)

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        kind = properties.get("modelType") or "custom_model"
        properties["modelType"] = one_of(kind, assets.MODEL_TYPES, "properties.modelType")
        _need_files(ctx, resource, properties, "modelUri")
        properties["flavors"] = properties.get("flavors") or {}
        properties["stage"] = properties.get("stage") or old.get("stage") or ""


@behaviour
class RegistryData(assets.DataVersion):
    """Data in a registry."""

    type: ClassVar[str] = f"{TYPE}/data/versions"

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return _named(resource)

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        kind = properties.get("dataType")
        properties["dataType"] = one_of(kind, assets.DATA_TYPES, "properties.dataType")
        _need_files(ctx, resource, properties, "dataUri")


@behaviour
class RegistryEnvironment(assets.EnvironmentVersion):
    """An environment in a registry."""

    type: ClassVar[str] = f"{TYPE}/environments/versions"

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return _named(resource)


def find(store: Store, name: str) -> Resource:
    """The registry of a name, which is unique in all of Azure.

    Raises:
        ArmError: 404.
    """
    found = store.find(TYPE, name)
    if not found:
        raise not_found(f"registries/{name}")
    return found[0]


def upload_place(ctx: Context, registry: Resource, version_id: str) -> Json:
    """A place of its own for the files of a new version, with an address that opens it."""
    if ctx.store.get(version_id) is not None:
        msg = f"{version_id} exists already; register a new version."
        raise ArmError(409, "Conflict", msg)
    place = _new_place(ctx, registry)
    return {
        "blobReferenceForConsumption": _reference(ctx, place.text().rstrip("/"), "rcwl"),
        "temporaryDataReferenceId": str(uuid.uuid4()),
        "temporaryDataReferenceType": "TemporaryBlobReference",
    }


def read_place(ctx: Context, registry: Resource, uri: str) -> Json:
    """The address that opens the files of a version to be read."""
    address = parse(uri)
    if not isinstance(address, BlobPath) or address.account != account_name(registry):
        msg = f"{uri} lies outside the stores of registry {registry['name']!r}."
        raise bad(msg, "blobUri", "UserError")
    container = f"https://{address.account}.blob.core.windows.net/{address.container}"
    return {"blobReferenceForConsumption": {**_reference(ctx, container, "rl"), "blobUri": uri}}


def share(ctx: Context, registry: Resource, body: Json) -> tuple[str, str, str, Json]:
    """What an asset of a workspace is in a registry: its kind, name, version and body.

    The files are copied, so that both have the same bytes and neither can change the other's.
    """
    given = body.get("properties") or {}
    source = _SOURCE.match(str(given.get("sourceAssetId") or ""))
    if source is None:
        msg = (
            f"properties.sourceAssetId is {given.get('sourceAssetId')!r}; give the id of a version"
            " in a workspace."
        )
        raise bad(msg, "properties.sourceAssetId", "UserError")
    workspace, version = _source(ctx, source)
    kind, properties = source["kind"].lower(), version["properties"]
    if kind == "environments" and properties.get("build"):
        msg = "an environment with a build context is not shared here; give it an image"
        raise bad(msg, "properties.sourceAssetId", "NotSupported")
    made = {key: properties[key] for key in (*_KEPT, *_SUBSTANCE[kind]) if key in properties}
    if kind in _URIS:
        made[_URIS[kind]] = _copied(ctx, registry, workspace, str(properties[_URIS[kind]]))
    name = str(given.get("destinationName") or source["name"])
    wanted = str(given.get("destinationVersion") or source["version"])
    return kind, name, wanted, {"properties": made}


def account_name(registry: Resource) -> str:
    """The storage account that the service keeps for a registry."""
    return f"mlreg{hashlib.sha256(registry['id'].lower().encode()).hexdigest()[:19]}"


def _source(ctx: Context, source: re.Match[str]) -> tuple[Resource, Resource]:
    if source["kind"].lower() not in KINDS:
        msg = f"assets of kind {source['kind']} are not shared; shared are {', '.join(KINDS)}"
        raise bad(msg, "properties.sourceAssetId", "NotSupported")
    for workspace in ctx.store.find(f"{NAMESPACE}/workspaces"):
        if workspace["properties"].get("workspaceId") == source["guid"]:
            kind = source["kind"].lower()
            action = f"{NAMESPACE}/workspaces/{kind}/versions/read"
            access.need_role(ctx.store, ctx.caller, workspace, action)
            path = f"{kind}/{source['name']}/versions/{source['version']}"
            found = ctx.store.get(f"{workspace['id']}/{path}")
            if found is None:
                raise not_found(f"{workspace['id']}/{path}")
            return workspace, found
    msg = f"No workspace has the id {source['guid']}."
    raise bad(msg, "properties.sourceAssetId", "UserError")


def _copied(ctx: Context, registry: Resource, workspace: Resource, uri: str) -> str:
    """Copy the files of a version into the registry's store; gives where they are."""
    try:
        place = Places(ctx.store, workspace["id"]).locate(uri)
    except PlaceError as error:
        raise bad(str(error), "properties.sourceAssetId", "UserError") from error
    # the registry comes to the workspace's store as a service, with the rights of who shares
    caller = Caller(f"service:{registry['id']}", ctx.caller.principal)
    reason = permission.refusal(ctx.store, caller, place, "read")
    if reason is not None:
        msg = f"The files of the version cannot be read: {reason}"
        raise ArmError(403, "AuthorizationFailed", msg)
    blobs, target = ctx.services.blobs, _new_place(ctx, registry)
    path = place.path.rstrip("/")
    leaf = path.rpartition("/")[2]
    one = blobs.info(place.account, place.container, path)
    found = [one] if one is not None else blobs.list(place.account, place.container, f"{path}/")
    if not found:
        raise bad(f"No files were found at {uri}.", "properties.sourceAssetId", "UserError")
    for blob in found:
        name = leaf + blob.name[len(path) :]
        blobs.put(target.account, target.container, name, blobs.content(blob))
    return target.child(leaf).text()


def _need_files(ctx: Context, resource: dict, properties: dict, key: str) -> None:
    registry = find(ctx.store, resource["id"].split("/")[8])
    uri = str(properties.get(key) or "")
    try:
        address = parse(uri)
    except ValueError as error:
        raise bad(f"properties.{key}: {error}", f"properties.{key}", "UserError") from error
    if not isinstance(address, BlobPath) or address.account != account_name(registry):
        msg = (
            f"properties.{key} is {uri}; the files of a registry's asset lie in its own store, so"
            " upload or share them."
        )
        raise bad(msg, f"properties.{key}", "UserError")
    place = Place(address.account, address.container, address.path)
    if not place.exists(ctx.services.blobs):
        raise bad(f"No files were found at {uri}.", f"properties.{key}", "UserError")


def _new_place(ctx: Context, registry: Resource) -> Place:
    """A container of its own in the registry's store, which is made when it is first needed."""
    name = account_name(registry)
    try:
        datapath.find_account(ctx.store, name)
    except StorageError:
        _make_account(ctx, registry, name)
    container = f"{registry['name'].lower().replace('_', '-')[:20]}-{uuid.uuid4()}"
    ctx.services.blobs.create_container(name, container)
    return Place(name, container, "")


def _make_account(ctx: Context, registry: Resource, name: str) -> None:
    group = registry["properties"]["managedResourceGroup"]["resourceId"]
    location = registry["location"]
    if ctx.store.get(group) is None:
        ctx.store.put({"id": group, "location": location, "properties": {}})
    ctx.store.put(
        {
            "id": f"{group}/providers/Microsoft.Storage/storageAccounts/{name}",
            "location": location,
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS", "tier": "Standard"},
            "properties": {
                "allowBlobPublicAccess": False,
                "creationTime": now(),
                "minimumTlsVersion": "TLS1_2",
                "provisioningState": "Succeeded",
                "supportsHttpsTrafficOnly": True,
            },
        }
    )


def _reference(ctx: Context, container: str, permissions: str) -> Json:
    address = parse(container)
    if not isinstance(address, BlobPath):
        raise bad(f"{container} is no container.", "blobUri", "UserError")
    token = sas.with_key(ctx.services, address.account, address.container, permissions)
    return {
        "blobUri": container,
        "storageAccountArmId": datapath.find_account(ctx.store, address.account)["id"],
        "credential": {"credentialType": "SAS", "sasUri": f"{container}?{token}"},
    }
