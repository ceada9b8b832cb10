"""The identities of a cluster: its own, its nodes' and its add-ons', and where those stand."""

from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.identities import USER_ASSIGNED
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.login.principals import MANAGED_IDENTITY, wants_system_identity
from emulator.providers.checks import bad, of_type, one_of

_LONGEST_GROUP = 80
# Add-ons that sign in, by the word in their identity's name.
_ADDONS = {
    "azurekeyvaultsecretsprovider": "azurekeyvaultsecretsprovider",
    "azurepolicy": "azurepolicy",
    "omsagent": "omsagent",
    "ingressapplicationgateway": "ingressapplicationgateway",
}


def check(resource: Resource) -> None:
    """Refuse a cluster without exactly one identity (or service principal) of its own.

    Raises:
        ArmError: 400.
    """
    identity = resource.get("identity") or {}
    if not identity.get("type"):
        if (resource["properties"].get("servicePrincipalProfile") or {}).get("clientId"):
            return
        sentence = (
            "Required parameter servicePrincipalProfile is missing (null), and there is no "
            "identity; wanted: identity.type SystemAssigned or UserAssigned."
        )
        raise bad("identity", sentence)
    kind = one_of(identity["type"], ("SystemAssigned", "UserAssigned", "None"), "identity.type")
    identity["type"] = kind
    given = identity.get("userAssignedIdentities") or {}
    if kind == "UserAssigned" and len(given) != 1:
        sentence = f"identity.userAssignedIdentities has {len(given)} identities; wanted: one."
        raise bad("identity.userAssignedIdentities", sentence)
    if kind == "SystemAssigned" and given:
        sentence = "identity.type is SystemAssigned with user-assigned identities; wanted: either."
        raise bad("identity.userAssignedIdentities", sentence)
    # As Azure does for a cluster with an identity.
    resource["properties"]["servicePrincipalProfile"] = {"clientId": "msi"}


def group_id(resource: Resource) -> str:
    """Return the id of the group that holds the nodes."""
    subscription = parse(resource["id"]).subscription
    group = resource["properties"]["nodeResourceGroup"]
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def name_group(resource: Resource, previous: Resource | None) -> None:
    """Give the nodes' group its name.

    Raises:
        ArmError: 400: it is too long.
    """
    own = parse(resource["id"])
    usual = f"MC_{own.resource_group}_{resource['name']}_{resource['location']}"[:_LONGEST_GROUP]
    old = (previous or {}).get("properties", {}).get("nodeResourceGroup")
    name = resource["properties"].get("nodeResourceGroup") or old or usual
    if len(name) > _LONGEST_GROUP:
        sentence = (
            f"properties.nodeResourceGroup is {len(name)} characters; wanted: {_LONGEST_GROUP}."
        )
        raise bad("properties.nodeResourceGroup", sentence)
    resource["properties"]["nodeResourceGroup"] = name


def claim_group(ctx: Context, resource: Resource) -> None:
    """Make the group of the nodes, which the cluster manages.

    Raises:
        ArmError: 409: it is somebody else's.
    """
    id_ = group_id(resource)
    found = ctx.store.get(id_)
    if found is None:
        group = {"id": id_, "location": resource["location"], "managedBy": resource["id"]}
        ctx.store.put({**group, "properties": {"provisioningState": "Succeeded"}})
    elif str(found.get("managedBy")).lower() != resource["id"].lower():
        raise ArmError(
            409,
            "NodeResourceGroupAlreadyExists",
            f"The group '{found['name']}' for the nodes of '{resource['name']}' exists already; "
            "wanted: the name of a group that does not exist, in properties.nodeResourceGroup.",
            "properties.nodeResourceGroup",
        )


def complete(ctx: Context, resource: Resource) -> None:
    """Write the identities of nodes and add-ons.

    Raises:
        ArmError: 400: the one given for the nodes does not exist, or the cluster has none.
    """
    properties = resource["properties"]
    given = ((properties.get("identityProfile") or {}).get("kubeletidentity") or {}).get(
        "resourceId"
    )
    made = f"{group_id(resource)}/providers/{USER_ASSIGNED}/{resource['name']}-agentpool"
    if given and str(given).lower() != made.lower():
        path = "properties.identityProfile.kubeletidentity.resourceId"
        if wants_system_identity(resource):
            sentence = f"'{path}' needs a user-assigned identity of the cluster; found a system's."
            raise bad(path, sentence, "CustomKubeletIdentityOnlySupportedOnUserAssignedMSICluster")
        found = of_type(ctx.store, given, USER_ASSIGNED)
        if found is None:
            sentence = f"The identity {given} of '{path}' does not exist; create it first."
            raise bad(path, sentence, "CustomKubeletIdentityNotFound")
    else:
        found = _made(ctx, resource, made)
    properties["identityProfile"] = {"kubeletidentity": _shown(found)}
    for name, addon in (properties.get("addonProfiles") or {}).items():
        word = _ADDONS.get(name.lower())
        addon.pop("identity", None)
        if word and addon.get("enabled"):
            id_ = f"{group_id(resource)}/providers/{USER_ASSIGNED}/{word}-{resource['name']}"
            addon["identity"] = _shown(_made(ctx, resource, id_))


def _made(ctx: Context, resource: Resource, id_: str) -> Resource:
    found = ctx.store.get(id_)
    if found is not None:
        return found
    name = id_.rpartition("/")[2]
    principal = ctx.services.principals.add(name, MANAGED_IDENTITY, id_)
    properties = {
        "principalId": principal.object_id,
        "clientId": principal.client_id,
        "tenantId": ctx.services.tokens.tenant_id,
        "provisioningState": "Succeeded",
    }
    return ctx.store.put({"id": id_, "location": resource["location"], "properties": properties})


def _shown(identity: Resource) -> dict[str, Any]:
    return {
        "resourceId": identity["id"],
        "clientId": identity["properties"]["clientId"],
        "objectId": identity["properties"]["principalId"],
    }


def release(ctx: Context, resource: Resource) -> None:
    """Delete the group of the nodes with all in it."""
    for gone in ctx.store.delete(group_id(resource)):
        ctx.services.principals.remove(gone["id"])
