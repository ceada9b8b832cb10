"""Subnets: ranges inside their network's, apart from each other, kept while in use."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.providers.checks import (
    IpNetwork,
    bad,
    choice,
    default,
    flag,
    ip_range,
    named,
    of_type,
    refer,
)
from emulator.providers.network.connections import ENDPOINTS
from emulator.providers.network.occupants import occupants

NETWORK = "Microsoft.Network/virtualNetworks"
TYPE = f"{NETWORK}/subnets"
_SMALLEST = {4: 29, 6: 64}
_REFERENCES = {
    "networkSecurityGroup": "Microsoft.Network/networkSecurityGroups",
    "routeTable": "Microsoft.Network/routeTables",
    "natGateway": "Microsoft.Network/natGateways",
}
_POLICY = "Microsoft.Network/serviceEndpointPolicies"
# What the subnets of Azure's own services do not take.
_RESERVED = {
    "AzureFirewallSubnet": ("networkSecurityGroup",),
    "AzureBastionSubnet": ("routeTable",),
    "GatewaySubnet": ("natGateway",),
}


@behaviour
class Subnet(Behaviour):
    """A subnet written by itself."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        network = _network_of(ctx.store, resource)
        siblings = [
            one
            for one in ctx.store.children(network["id"], "subnets")
            if one["id"].lower() != resource["id"].lower()
        ]
        complete(ctx, network, resource, previous, siblings)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        check_unused(ctx.store, resource)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return shown(ctx.store, resource)


def _network_of(store: Store, subnet: Resource) -> Resource:
    parent = parse(subnet["id"]).parent
    network = store.get(parent.text) if parent else None
    if network is None:
        raise bad("id", f"The virtual network of '{subnet['id']}' was not found.")
    return network


def ranges_of(subnet: Resource) -> list[IpNetwork]:
    """Return the address ranges of a subnet.

    Raises:
        ArmError: 400: it has none, or one is not an address range.
    """
    properties = subnet["properties"]
    texts = properties.get("addressPrefixes") or [properties.get("addressPrefix")]
    if texts == [None]:
        sentence = f"Subnet '{subnet['name']}' has no addressPrefix; wanted: an address range."
        raise bad("properties.addressPrefix", sentence, "InvalidRequestFormat")
    return [ip_range(text, f"addressPrefix of subnet {subnet['name']}") for text in texts]


def complete(
    ctx: Context,
    network: Resource,
    subnet: Resource,
    previous: Resource | None,
    others: list[Resource],
) -> None:
    """Check and complete a subnet of a network beside the others that it has.

    Raises:
        ArmError: 400.
    """
    named(
        subnet,
        r"[A-Za-z0-9]([\w.-]{0,78}\w)?",
        "InvalidResourceName",
        "Resource name '{name}' is invalid: at most 80 letters, digits, underscores, periods and "
        "hyphens, a letter or digit first, a letter, digit or underscore last.",
    )
    spaces = [
        ip_range(text, "properties.addressSpace.addressPrefixes")
        for text in network["properties"]["addressSpace"]["addressPrefixes"]
    ]
    for one in ranges_of(subnet):
        _check_range(subnet, one, network, spaces)
        for other in others:
            if any(one.version == it.version and one.overlaps(it) for it in ranges_of(other)):
                raise bad(
                    "properties.addressPrefix",
                    f"Subnet '{subnet['name']}' is not valid because its IP address range {one} "
                    f"overlaps with that of an existing subnet '{other['name']}' in virtual "
                    f"network '{network['name']}'.",
                    "NetcfgSubnetRangesOverlap",
                )
    if previous is not None and set(ranges_of(previous)) != set(ranges_of(subnet)):
        check_unused(ctx.store, subnet, "InUsePrefixCannotBeDeleted", "have its range changed")
    for name, type_ in _REFERENCES.items():
        refer(ctx, subnet, f"properties.{name}.id", type_)
    _check_services(ctx, subnet)
    properties = subnet["properties"]
    for computed in ("privateEndpoints", "ipConfigurations", "purpose"):
        properties.pop(computed, None)
    policies = ("Disabled", "Enabled", "NetworkSecurityGroupEnabled", "RouteTableEnabled")
    choice(properties, "privateEndpointNetworkPolicies", policies, "Disabled")
    choice(properties, "privateLinkServiceNetworkPolicies", ("Disabled", "Enabled"), "Enabled")
    default(properties, "delegations", [])
    if properties.get("defaultOutboundAccess") is not None:
        flag(properties, "defaultOutboundAccess", initial=True)
    properties["provisioningState"] = "Succeeded"


def _check_services(ctx: Context, subnet: Resource) -> None:
    properties = subnet["properties"]
    for name in _RESERVED.get(subnet["name"], ()):
        if (properties.get(name) or {}).get("id"):
            sentence = f"A {name} cannot be associated with the subnet '{subnet['name']}'."
            raise bad(f"properties.{name}", sentence, "SubnetAssociationNotAllowed")
    for index, delegation in enumerate(properties.get("delegations") or []):
        path = f"properties.delegations[{index}]"
        service = (delegation.get("properties") or {}).get("serviceName")
        if not delegation.get("name") or "/" not in str(service or ""):
            sentence = f"'{path}' is {delegation!r}; wanted: a name and a serviceName."
            raise bad(path, sentence, "InvalidServiceNameOnDelegation")
        delegation["properties"]["provisioningState"] = "Succeeded"
    services = [str(one.get("service")).lower() for one in properties.get("serviceEndpoints") or []]
    policies = properties.get("serviceEndpointPolicies") or []
    for policy in policies:
        if of_type(ctx.store, policy.get("id"), _POLICY) is None:
            path = "properties.serviceEndpointPolicies"
            sentence = f"Resource {policy.get('id')} referenced by {subnet['id']} was not found."
            raise bad(path, sentence, "InvalidResourceReference")
    if policies and not any(one.startswith("microsoft.storage") for one in services):
        path = "properties.serviceEndpointPolicies"
        sentence = f"Subnet '{subnet['name']}' has policies and no endpoint of Microsoft.Storage."
        raise bad(path, sentence, "ServiceEndpointPoliciesRequireServiceEndpoint")


def _check_range(
    subnet: Resource, one: IpNetwork, network: Resource, spaces: list[IpNetwork]
) -> None:
    smallest = _SMALLEST[one.version]
    if one.prefixlen > smallest or (one.version == 6 and one.prefixlen != smallest):
        sentence = (
            f"Subnet '{subnet['name']}' has the range {one}; wanted: a prefix of at most "
            f"/{smallest}, for Azure keeps five addresses of each subnet."
        )
        raise bad("properties.addressPrefix", sentence, "NetcfgInvalidSubnetMask")
    if not any(_holds(space, one) for space in spaces):
        raise bad(
            "properties.addressPrefix",
            f"Subnet '{subnet['name']}' is not valid because its IP address range {one} is outside "
            f"the IP address range of virtual network '{network['name']}' "
            f"({', '.join(map(str, spaces))}).",
            "NetcfgInvalidSubnet",
        )


def _holds(space: IpNetwork, one: IpNetwork) -> bool:
    within = int(space[0]) <= int(one[0]) and int(one[-1]) <= int(space[-1])
    return space.version == one.version and within


def endpoints_in(store: Store, subnet_id: str) -> list[Resource]:
    """Return the private endpoints of a subnet."""
    wanted = subnet_id.lower()
    return [
        endpoint
        for endpoint in store.find(ENDPOINTS)
        if str((endpoint["properties"].get("subnet") or {}).get("id", "")).lower() == wanted
    ]


def check_unused(
    store: Store,
    subnet: Resource,
    code: str = "InUseSubnetCannotBeDeleted",
    what: str = "be deleted",
) -> None:
    """Refuse to take a subnet away from what stands in it.

    Raises:
        ArmError: 400.
    """
    users = [*endpoints_in(store, subnet["id"]), *occupants(store, subnet["id"])]
    if users:
        raise bad(
            "id",
            f"Subnet {subnet['name']} is in use by {users[0]['id']} and cannot {what}. In order "
            "to do it, delete all the resources within the subnet. See aka.ms/deletesubnet.",
            code,
        )


def shown(store: Store, subnet: Resource) -> Resource:
    """Return a subnet as a GET shows it, alone or in its network."""
    users = endpoints_in(store, subnet["id"])
    if not users:
        return subnet
    ids = [{"id": user["id"]} for user in users]
    properties = {**subnet["properties"], "privateEndpoints": ids, "purpose": "PrivateEndpoints"}
    return {**subnet, "properties": properties}
