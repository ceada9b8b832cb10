"""Workspaces: what they need, what they compute, what makes Azure refuse them."""

import uuid
from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.azureml import datastores, encryption, network, purge
from emulator.azureml.runs import Runs
from emulator.azureml.text import bad, last, named, one_of
from emulator.providers.network.connections import connections_of

_MODES = ("accessKey", "identity", "userDelegationSas")
_DEPENDENCIES = {
    "storageAccount": "Microsoft.Storage/storageAccounts",
    "keyVault": "Microsoft.KeyVault/vaults",
    "applicationInsights": "Microsoft.Insights/components",
    "containerRegistry": "Microsoft.ContainerRegistry/registries",
}
_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"  # role definition, not a secret
_FIXED = ("storageAccount", "keyVault", "hbiWorkspace")


@behaviour
class Workspace(Behaviour):
    """A workspace with the stores it needs; its name is free again fourteen days after it."""

    type: ClassVar[str] = "Microsoft.MachineLearningServices/workspaces"

    @override
    def prepare(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        named(
            resource["name"],
            r"[A-Za-z0-9][\w-]{2,32}",
            "Workspace",
            "3 to 33 letters, digits, - or _",
        )
        properties = resource.setdefault("properties", {})
        if not resource.get("location"):
            msg = "location is missing; give the region of the workspace, such as westeurope."
            raise bad(msg, "location", "LocationRequired")
        resource["kind"] = one_of(
            resource.get("kind") or "Default", ("Default", "Hub", "Project", "FeatureStore"), "kind"
        )
        if previous is None:
            purge.refuse_reuse(ctx.store, resource)
        _check_identity(resource, properties)
        for key, kind in _DEPENDENCIES.items():
            _check_dependency(
                ctx, properties, key, kind, required=key in _required(resource["kind"])
            )
        if previous is not None:
            _check_unchanged(properties, previous["properties"])
        self._compute(ctx, resource, properties, (previous or {}).get("properties") or {})
        encryption.prepare(ctx, resource, previous)
        network.prepare(ctx, resource, previous)

    def _compute(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        region = str(resource["location"]).lower().replace(" ", "")
        workspace_id = old.get("workspaceId") or str(uuid.uuid4())
        mode = properties.get("systemDatastoresAuthMode") or old.get("systemDatastoresAuthMode")
        properties["systemDatastoresAuthMode"] = one_of(
            mode or "accessKey", _MODES, "properties.systemDatastoresAuthMode"
        )
        _check_keys(ctx, properties)
        properties["publicNetworkAccess"] = one_of(
            properties.get("publicNetworkAccess") or "Enabled",
            ("Enabled", "Disabled"),
            "properties.publicNetworkAccess",
        )
        properties |= {
            "workspaceId": workspace_id,
            "tenantId": ctx.services.tokens.tenant_id,
            "discoveryUrl": f"https://{region}.api.azureml.ms/discovery",
            "mlFlowTrackingUri": f"azureml://{region}.api.azureml.ms/mlflow/v1.0{resource['id']}",
            "notebookInfo": {
                "resourceId": workspace_id.replace("-", ""),
                "fqdn": (
                    f"ml-{resource['name'].lower()}-{region}-{workspace_id}.{region}.notebooks.azure.net"
                ),
            },
            "provisioningState": "Succeeded",
            "storageHnsEnabled": False,
        }
        for key, value in (
            ("friendlyName", resource["name"]),
            ("description", ""),
            ("hbiWorkspace", False),
            ("v1LegacyMode", False),
            ("allowPublicAccessWhenBehindVnet", False),
            ("enableDataIsolation", resource["kind"] in ("Hub", "Project")),
        ):
            properties.setdefault(key, value)

    @override
    def created(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        if previous is None:
            _let_the_workspace_in(ctx, resource)
        datastores.ensure_defaults(ctx, resource)

    @override
    def deleted(self, ctx: Context, resource: dict) -> None:
        ctx.services.azureml.runner.abandon(resource["id"], "the workspace was deleted")
        Runs(ctx.store).remove_workspace(resource["id"])
        purge.remember(ctx.store, resource)

    @override
    def view(self, ctx: Context, resource: dict) -> dict:
        connections = connections_of(ctx.store, resource["id"])
        shown = dict(resource["properties"])
        shown.pop("encryptionKey", None)
        shown |= {
            "privateEndpointConnections": connections,
            "privateLinkCount": len(connections),
        }
        return {**resource, "properties": shown}

    actions: ClassVar[Mapping[str, Action]] = {
        "listkeys": lambda ctx, resource, _body: datastores.workspace_keys(ctx, resource),
        "resynckeys": lambda _ctx, _resource, _body: None,
        "provisionmanagednetwork": network.provision,
        "listnotebookaccesstoken": lambda _ctx, resource, _body: {
            "notebookResourceId": resource["properties"]["notebookInfo"]["resourceId"],
            "hostName": resource["properties"]["notebookInfo"]["fqdn"],
        },
    }


def _required(kind: str) -> tuple[str, ...]:
    return () if kind == "Project" else ("storageAccount", "keyVault")


def _check_identity(resource: dict, properties: dict) -> None:
    identity = resource.get("identity") or {}
    kind = str(identity.get("type") or "None").lower().replace(" ", "")
    if kind == "none":
        msg = (
            f"Workspace {resource['name']!r} has no identity; give identity.type SystemAssigned, or"
            " UserAssigned with properties.primaryUserAssignedIdentity."
        )
        raise bad(msg, "identity")
    primary = properties.get("primaryUserAssignedIdentity")
    assigned = {key.lower() for key in identity.get("userAssignedIdentities") or {}}
    if kind == "userassigned" and not primary:
        msg = (
            "properties.primaryUserAssignedIdentity is missing; it is required without a"
            " system-assigned identity."
        )
        raise bad(msg, "properties.primaryUserAssignedIdentity")
    if primary and str(primary).lower() not in assigned:
        msg = (
            f"properties.primaryUserAssignedIdentity {primary} is not one of"
            " identity.userAssignedIdentities."
        )
        raise bad(msg, "properties.primaryUserAssignedIdentity")


def _check_dependency(
    ctx: Context, properties: dict, key: str, kind: str, *, required: bool
) -> None:
    id_ = properties.get(key)
    if not id_:
        if required:
            msg = f"properties.{key} is missing; give the id of a {kind}."
            raise bad(msg, f"properties.{key}", "MissingDependentResource")
        return
    found = ctx.store.get(str(id_))
    if found is None or str(found.get("type", "")).lower() != kind.lower():
        msg = f"properties.{key} {id_} was not found; create the {kind} first."
        raise bad(msg, f"properties.{key}", "DependentResourceNotFound")
    if key == "storageAccount":
        _check_storage(found)


def _check_storage(account: dict) -> None:
    name, settings = account["name"], account.get("properties") or {}
    if settings.get("isHnsEnabled"):
        msg = (
            f"Storage account {name!r} has a hierarchical namespace; the workspace's default"
            " account must not."
        )
        raise bad(msg, "properties.storageAccount")
    if str((account.get("sku") or {}).get("name", "")).lower().startswith("premium"):
        msg = (
            f"Storage account {name!r} is premium; the workspace's default account must be a"
            " standard one."
        )
        raise bad(msg, "properties.storageAccount")


def _check_unchanged(new: dict, old: dict) -> None:
    for key in _FIXED:
        before, after = old.get(key), new.get(key)
        if before and str(after).lower() != str(before).lower():
            msg = (
                f"properties.{key} cannot be changed from {before} to {after}; make a new"
                " workspace."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", msg, f"properties.{key}")


def _check_keys(ctx: Context, properties: dict) -> None:
    account = ctx.store.get(str(properties.get("storageAccount") or "")) or {}
    forbidden = (account.get("properties") or {}).get("allowSharedKeyAccess") is False
    if forbidden and properties["systemDatastoresAuthMode"] == "accessKey":
        msg = (
            f"Storage account {account['name']!r} forbids shared keys, but"
            " properties.systemDatastoresAuthMode is accessKey; set it to identity."
        )
        raise bad(msg, "properties.systemDatastoresAuthMode", "KeyBasedAuthenticationNotPermitted")


def _let_the_workspace_in(ctx: Context, resource: dict) -> None:
    """A system-assigned identity gets its role on the storage; assigned ones bring theirs."""
    identity, storage = resource.get("identity") or {}, resource["properties"].get("storageAccount")
    if not identity.get("principalId") or not storage:
        return
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource['id']}|{storage}".lower()))
    subscription = resource["id"].split("/")[2]
    base = f"/subscriptions/{subscription}/providers/Microsoft.Authorization"
    role = f"{base}/roleDefinitions/{_BLOB_DATA_CONTRIBUTOR}"
    ctx.store.put(
        {
            "id": f"{storage}/providers/Microsoft.Authorization/roleAssignments/{name}",
            "name": name,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": role,
                "principalId": identity["principalId"],
                "principalType": "ServicePrincipal",
                "scope": storage,
                "description": f"made by the service for workspace {last(resource['id'])}",
            },
        }
    )
