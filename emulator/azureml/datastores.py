"""Datastores: the workspace's own ones, the secrets they give out, which is the default."""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.azureml import sas
from emulator.azureml.text import bad, last, named, one_of, workspace_of

_TYPES = ("AzureBlob", "AzureFile", "AzureDataLakeGen1", "AzureDataLakeGen2", "OneLake", "Hdfs")
_CREDENTIALS = (
    "None",
    "AccountKey",
    "Sas",
    "ServicePrincipal",
    "Certificate",
    "KerberosKeytab",
    "KerberosPassword",
)
_NEEDS = {
    "AzureBlob": ("accountName", "containerName"),
    "AzureFile": ("accountName", "fileShareName"),
    "AzureDataLakeGen2": ("accountName", "filesystem"),
    "AzureDataLakeGen1": ("storeName",),
}
ARTIFACTS = "workspaceartifactstore"
DEFAULT = "workspaceblobstore"


def _secrets(ctx: Context, resource: dict, body: dict) -> dict:
    """The answer of `listSecrets`: what opens the datastore, if it is kept with a credential."""
    properties = resource["properties"]
    credentials = properties.get("credentials") or {}
    kind = credentials.get("credentialsType", "None")
    if kind == "None":
        msg = (
            f"Datastore {resource['name']!r} keeps no credential; it is opened by the caller's"
            " identity."
        )
        raise bad(msg, "properties.credentials", "NoCredentials")
    kept = credentials.get("secrets") or {}
    if kind == "AccountKey":
        key = kept.get("key") or sas.account_key(ctx.services, properties["accountName"])
        if body.get("expirableSecret"):
            token = sas.with_key(
                ctx.services, properties["accountName"], properties.get("containerName", "")
            )
            return {"secretsType": "Sas", "sasToken": token}
        return {"secretsType": "AccountKey", "key": key}
    return {"secretsType": kind, **{k: v for k, v in kept.items() if k != "secretsType"}}


@behaviour
class Datastore(Behaviour):
    """A named place for data; its secrets are never shown, only handed out by `listSecrets`."""

    type: ClassVar[str] = "Microsoft.MachineLearningServices/workspaces/datastores"

    @override
    def prepare(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        named(
            resource["name"], r"[a-z0-9_]{1,255}", "Datastore", "lower-case letters, digits and _"
        )
        properties = resource.setdefault("properties", {})
        kind = one_of(properties.get("datastoreType"), _TYPES, "properties.datastoreType")
        properties["datastoreType"] = kind
        for key in _NEEDS.get(kind, ()):
            if not properties.get(key):
                msg = f"properties.{key} is missing; a datastore of type {kind} needs it."
                raise bad(msg, f"properties.{key}")
        credentials = properties.setdefault("credentials", {"credentialsType": "None"})
        credentials["credentialsType"] = one_of(
            credentials.get("credentialsType") or "None",
            _CREDENTIALS,
            "properties.credentials.credentialsType",
        )
        if previous is not None and not credentials.get("secrets"):
            old = (previous["properties"].get("credentials") or {}).get("secrets")
            if old:
                credentials["secrets"] = old
        properties.setdefault("endpoint", "core.windows.net")
        properties.setdefault("protocol", "https")
        properties.setdefault("isDefault", False)
        properties["tags"] = properties.get("tags") or {}
        properties["properties"] = properties.get("properties") or {}
        if properties["isDefault"]:
            _only_default(ctx, resource)

    @override
    def deleting(self, ctx: Context, resource: dict) -> None:
        if resource["properties"].get("isDefault"):
            msg = (
                f"Datastore {resource['name']!r} is the default of its workspace and cannot be"
                " deleted."
            )
            raise ArmError(409, "Conflict", msg)

    @override
    def view(self, ctx: Context, resource: dict) -> dict:
        properties = dict(resource["properties"])
        credentials = {
            k: v for k, v in (properties.get("credentials") or {}).items() if k != "secrets"
        }
        return {**resource, "properties": {**properties, "credentials": credentials}}

    actions: ClassVar[Mapping[str, Action]] = {
        "listsecrets": _secrets,
    }


def ensure_defaults(ctx: Context, workspace: dict) -> None:
    """Make the containers and datastores that every workspace comes with."""
    storage = workspace["properties"].get("storageAccount")
    if not storage:
        return
    account, guid = last(storage), workspace["properties"]["workspaceId"]
    mode = workspace["properties"]["systemDatastoresAuthMode"]
    credentials = {"credentialsType": "AccountKey" if mode == "accessKey" else "None"}
    identity = "WorkspaceSystemAssignedIdentity"
    if not (workspace.get("identity") or {}).get("principalId"):
        identity = "WorkspaceUserAssignedIdentity"
    short = guid.replace("-", "")
    shares = {
        "workspacefilestore": f"azureml-filestore-{guid}",
        "workspaceworkingdirectory": f"code-{short}",
    }
    containers = {DEFAULT: f"azureml-blobstore-{guid}", ARTIFACTS: "azureml"}
    for name, place in {**containers, **shares}.items():
        id_ = f"{workspace['id']}/datastores/{name}"
        blob = name in containers
        if blob:
            ctx.services.blobs.create_container(account, place)
        if ctx.store.get(id_) is not None:
            continue
        ctx.store.put(
            {
                "id": id_,
                "name": name,
                "type": Datastore.type,
                "properties": {
                    "datastoreType": "AzureBlob" if blob else "AzureFile",
                    "accountName": account,
                    "containerName" if blob else "fileShareName": place,
                    "endpoint": "core.windows.net",
                    "protocol": "https",
                    "subscriptionId": storage.split("/")[2],
                    "resourceGroup": storage.split("/")[4],
                    "isDefault": name == DEFAULT,
                    "credentials": dict(credentials),
                    "serviceDataAccessAuthIdentity": "None" if mode == "accessKey" else identity,
                    "tags": {},
                    "properties": {},
                },
            }
        )


def workspace_keys(ctx: Context, workspace: dict) -> dict:
    """The answer of the workspace's `listKeys`."""
    storage = workspace["properties"].get("storageAccount")
    settings = ((ctx.store.get(storage) if storage else None) or {}).get("properties") or {}
    if not storage or settings.get("allowSharedKeyAccess") is False:
        return {"userStorageResourceId": storage}
    return {
        "userStorageResourceId": storage,
        "userStorageKey": sas.account_key(ctx.services, last(storage)),
    }


def _only_default(ctx: Context, resource: dict) -> None:
    for other in ctx.store.children(workspace_of(resource["id"]), "datastores"):
        if other["id"].lower() != resource["id"].lower() and other["properties"].get("isDefault"):
            other["properties"]["isDefault"] = False
            ctx.store.put(other)
