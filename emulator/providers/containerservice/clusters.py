"""Clusters of Kubernetes."""

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Action, Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, carry, choice, default, flag, located, named, one_of
from emulator.providers.containerservice import (
    credentials,
    identities,
    networks,
    pools,
    profiles,
    versions,
)
from emulator.providers.network.connections import connections_of

_PROFILES = "agentPoolProfiles"
_MOST_POOLS = 100


@behaviour
class ManagedCluster(Behaviour):
    """A cluster; its pools are resources of their own that it shows, too."""

    type: ClassVar[str] = pools.CLUSTER
    immutable: ClassVar[tuple[str, ...]] = (
        "properties.diskEncryptionSetID",
        "properties.dnsPrefix",
        "properties.enableRBAC",
        "properties.fqdnSubdomain",
        "properties.networkProfile.dnsServiceIP",
        "properties.networkProfile.networkPlugin",
        "properties.networkProfile.serviceCidr",
        "properties.nodeResourceGroup",
    )
    actions: ClassVar[Mapping[str, Action]] = {
        "listclusteradmincredential": credentials.admin,
        "listclusterusercredential": credentials.user,
    }

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]([\w-]{0,61}[A-Za-z0-9])?",
            "InvalidParameter",
            "The cluster name '{name}' is not valid: wanted are 1 to 63 letters, digits, "
            "underscores and hyphens, a letter or digit first and last.",
        )
        located(resource)
        identities.check(resource)
        _complete_plan(resource, previous)
        properties = resource["properties"]
        properties.pop("privateEndpointConnections", None)
        properties.pop("privateLinkResources", None)
        networks.complete_api_server(ctx, resource, previous)
        networks.complete(resource)
        profiles.complete(ctx, resource, previous)
        _complete_names(ctx, resource, previous)
        identities.name_group(resource, previous)
        identities.claim_group(ctx, resource)
        identities.complete(ctx, resource)
        _settle(ctx, resource, previous)

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        identities.release(ctx, resource)
        credentials.forget(ctx, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        children = ctx.store.children(resource["id"], pools.KIND)
        shown = {**resource["properties"], _PROFILES: [pools.inline(one) for one in children]}
        connections = connections_of(ctx.store, resource["id"])
        if connections:
            shown["privateEndpointConnections"] = connections
        return {**resource, "properties": shown}


def _complete_plan(resource: Resource, previous: Resource | None) -> None:
    sku = default(resource, "sku", {"name": "Base", "tier": "Free"})
    sku["name"] = one_of(default(sku, "name", "Base"), ("Base", "Automatic"), "sku.name")
    tiers = ("Free", "Standard", "Premium")
    sku["tier"] = one_of(default(sku, "tier", "Free"), tiers, "sku.tier")
    properties = resource["properties"]
    plans = ("KubernetesOfficial", "AKSLongTermSupport")
    plan = choice(properties, "supportPlan", plans, plans[0])
    if plan == plans[1] and sku["tier"] != "Premium":
        sentence = f"properties.supportPlan is {plan}, which needs sku.tier Premium."
        raise bad("properties.supportPlan", sentence)
    if properties.get("publicNetworkAccess") is not None:
        choice(properties, "publicNetworkAccess", ("Enabled", "Disabled"), "Enabled")
    old = (previous or {}).get("properties") or {}
    path = "properties.kubernetesVersion"
    asked = default(properties, "kubernetesVersion", old.get("kubernetesVersion"))
    asked = default(properties, "kubernetesVersion", asked or versions.DEFAULT)
    current = versions.exact(asked, path, resource["location"])
    if old and current != old["currentKubernetesVersion"]:
        versions.check_upgrade(old["currentKubernetesVersion"], current, resource["name"])
    properties["currentKubernetesVersion"] = current
    properties["maxAgentPools"] = _MOST_POOLS
    properties["powerState"] = {"code": "Running"}
    flag(properties, "disableLocalAccounts", initial=False)


def _complete_names(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    """Write where the API server and the issuer of tokens answer."""
    properties, region = resource["properties"], resource["location"]
    old = (previous or {}).get("properties") or {}
    for name in ("dnsPrefix", "fqdnSubdomain"):
        if properties.get(name) is None and old.get(name):
            properties[name] = old[name]  # what is left out stays
    prefix = properties.get("fqdnSubdomain") or properties.get("dnsPrefix")
    if not prefix:
        sentence = "Required parameter dnsPrefix is missing (null); fqdnSubdomain would do as well."
        raise bad("properties.dnsPrefix", sentence)
    carry(resource, previous, {"resourceUID": uuid.uuid4().hex[:24]})
    uid = properties["resourceUID"]
    host = prefix if properties.get("fqdnSubdomain") else f"{prefix}-{uid[:8]}"
    public = f"{prefix}-{uid[:8]}.hcp.{region}.azmk8s.io"
    access = properties.get("apiServerAccessProfile") or {}
    for name in ("fqdn", "privateFQDN", "azurePortalFQDN"):
        properties.pop(name, None)
    zone = str(access.get("privateDNSZone") or "").lower()
    if access.get("enablePrivateCluster") and zone != "none":
        guid = uuid.uuid5(uuid.NAMESPACE_DNS, uid)
        private = f"{host}.{guid}.privatelink.{region}.azmk8s.io"
        if zone != "system":
            private = f"{host}.{zone.rpartition('/')[2]}"
        properties["privateFQDN"] = private
        portal = uuid.uuid5(uuid.NAMESPACE_DNS, private).hex
        properties["azurePortalFQDN"] = f"{portal}-priv.portal.hcp.{region}.azmk8s.io"
    if not access.get("enablePrivateCluster") or access.get("enablePrivateClusterPublicFQDN"):
        properties["fqdn"] = public
        properties.setdefault("azurePortalFQDN", public.replace(".hcp.", ".portal.hcp."))
    issuer = properties.get("oidcIssuerProfile") or {}
    issuer.pop("issuerURL", None)
    if issuer.get("enabled"):
        tenant, guid = ctx.services.tokens.tenant_id, uuid.uuid5(uuid.NAMESPACE_OID, uid)
        issuer["issuerURL"] = f"https://{region}.oic.prod-aks.azure.com/{tenant}/{guid}/"


def _settle(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    """Make or change the pools that the body lists, and take the list out of the body.

    A pool that the body leaves out stays; one that it adds later is refused, as Azure does.
    """
    listed: list[dict[str, Any]] = resource["properties"].pop(_PROFILES, None) or []
    existing = {one["name"]: one for one in ctx.store.children(resource["id"], pools.KIND)}
    written: dict[str, Resource] = {}
    for entry in listed:
        name = str(entry.get("name") or "")
        if name in written:
            sentence = f"properties.{_PROFILES} names '{name}' twice; wanted: each name once."
            raise bad(f"properties.{_PROFILES}", sentence)
        if previous is not None and name not in existing:
            raise ArmError(
                400,
                "BadRequest",
                "A new agent pool was introduced. Adding agent pools to an existing cluster is not "
                "allowed through managed cluster operations. For agent pool specific change, "
                f"please use per agent pool operations; found '{name}'.",
                _PROFILES,
            )
        pool: Resource = {
            "id": f"{resource['id']}/{pools.KIND}/{name}",
            "name": name,
            "type": f"{pools.CLUSTER}/{pools.KIND}",
            "properties": {key: value for key, value in entry.items() if key != "name"},
        }
        pools.complete(ctx, resource, pool, existing.get(name))
        written[name] = pool
    for name, pool in existing.items():
        if name not in written:
            its = resource["properties"]["currentKubernetesVersion"]
            current = pool["properties"]["currentOrchestratorVersion"]
            versions.check_pool(current, its, "properties.kubernetesVersion")
    together = [*({**existing, **written}).values()]
    pools.check_together(resource, together)
    networks.check_subnets(ctx, resource, together)
    for name, pool in written.items():
        before = existing.get(name)
        if before is None or before["properties"] != pool["properties"]:
            ctx.store.put(pool)
