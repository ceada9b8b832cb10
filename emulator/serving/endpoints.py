"""Online endpoints: which deployments get their traffic, and who holds their keys."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Context, behaviour
from emulator.arm.store import Resource
from emulator.azureml.endpoints import Endpoint
from emulator.azureml.text import NAMESPACE, bad, one_of, workspace_of
from emulator.serving import keys, tokens

TYPE = f"{NAMESPACE}/workspaces/onlineEndpoints"
_BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"  # role definition, not a secret
_ALL = 100
_MOST_MIRRORED = 50


@behaviour
class OnlineEndpoint(Endpoint):
    """An online endpoint; its traffic goes to deployments that exist, at most 100 in all."""

    type: ClassVar[str] = TYPE
    kind: ClassVar[str] = "score"
    actions: ClassVar[Mapping[str, Action]] = {
        "listkeys": keys.listed,
        "regeneratekeys": keys.regenerated,
        "token": tokens.given,
    }

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        properties["publicNetworkAccess"] = one_of(
            properties.get("publicNetworkAccess") or "Enabled",
            ("Enabled", "Disabled"),
            "properties.publicNetworkAccess",
        )
        _check_compute(ctx, resource)
        there = {d["name"]: d for d in ctx.store.children(resource["id"], "deployments")}
        # A body without shares takes them all away: nothing is kept from before.
        for key in ("traffic", "mirrorTraffic"):
            _check_shares(properties, key, there, (previous or {}).get("properties") or {})
        total = sum(properties["traffic"].values())
        if total not in (0, _ALL):
            msg = f"properties.traffic sums up to {total}; give 0 or {_ALL} in all."
            raise bad(msg, "properties.traffic")
        mirrored = properties["mirrorTraffic"]
        if len(mirrored) > 1 or sum(mirrored.values()) > _MOST_MIRRORED:
            msg = (
                f"properties.mirrorTraffic is {mirrored}; one deployment gets at most"
                f" {_MOST_MIRRORED}."
            )
            raise bad(msg, "properties.mirrorTraffic")
        _check_mirror(properties, mirrored)

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is None:
            _let_read(ctx, resource)

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        keys.forget(ctx.store, resource["id"])


def _let_read(ctx: Context, endpoint: Resource) -> None:
    """A system-assigned identity may read the workspace's storage; assigned ones bring their role.

    https://learn.microsoft.com/azure/machine-learning/concept-endpoints-online-auth
    """
    principal = (endpoint.get("identity") or {}).get("principalId")
    workspace = ctx.store.get(workspace_of(endpoint["id"])) or {"properties": {}}
    storage = workspace["properties"].get("storageAccount")
    if not principal or not storage:
        return
    name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{endpoint['id']}|{storage}|{principal}".lower()))
    base = f"/subscriptions/{storage.split('/')[2]}/providers/Microsoft.Authorization"
    ctx.store.put(
        {
            "id": f"{storage}/providers/Microsoft.Authorization/roleAssignments/{name}",
            "name": name,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "roleDefinitionId": f"{base}/roleDefinitions/{_BLOB_DATA_READER}",
                "principalId": principal,
                "principalType": "ServicePrincipal",
                "scope": storage,
                "description": f"made by the service for endpoint {endpoint['name']}",
            },
        }
    )


def _check_mirror(properties: dict[str, Any], mirrored: dict[str, int]) -> None:
    if mirrored and properties.get("compute"):
        msg = "properties.mirrorTraffic is given, but endpoints on Kubernetes cannot mirror."
        raise bad(msg, "properties.mirrorTraffic")
    both = sorted(name for name in mirrored if mirrored[name] and properties["traffic"].get(name))
    if both:
        msg = f"{', '.join(both)} gets live and mirrored traffic; give a deployment one of them."
        raise bad(msg, "properties.mirrorTraffic")


def _check_shares(
    properties: dict[str, Any], key: str, there: dict[str, Resource], before: dict[str, Any]
) -> None:
    shares = properties[key] = properties.get(key) or {}
    unknown = sorted(set(shares) - set(there))
    if unknown:
        msg = f"properties.{key} names {', '.join(unknown)}, which the endpoint does not have."
        raise bad(msg, f"properties.{key}")
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int) or not 0 <= share <= _ALL:
            msg = f"properties.{key}.{name} is {share!r}; give a whole number, 0 to {_ALL}."
            raise bad(msg, f"properties.{key}")
        state = there[name]["properties"].get("provisioningState", "Succeeded")
        kept = share == (before.get(key) or {}).get(name)
        if share and state != "Succeeded" and not kept:
            msg = (
                f"properties.{key} gives {share} to {name}, whose provisioningState is {state};"
                " wait until it is Succeeded."
            )
            raise bad(msg, f"properties.{key}", "DeploymentNotReady")


def _check_compute(ctx: Context, resource: Resource) -> None:
    wanted = resource["properties"].get("compute")
    if not wanted:
        return
    found = ctx.store.get(str(wanted)) or {"properties": {}}
    if found["properties"].get("computeType") != "Kubernetes":
        msg = f"properties.compute {wanted} was not found; give the id of a Kubernetes compute."
        raise bad(msg, "properties.compute", "ComputeNotFound")
