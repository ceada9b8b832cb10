"""Private links, addresses, gateways, firewalls and the global front end."""

from collections.abc import Iterator

from review.cost.case import ANY, Case, Service
from review.cost.lines import Line
from review.resources import at, number

_DEVELOPER = "Developer"


def private_endpoint(case: Case) -> Iterator[Line]:
    """By the hour, and by what flows through it."""
    yield case.amount("private endpoint", "private-endpoint", ANY)
    yield case.usage("data through private endpoints", "private-endpoint-data", ANY, "GB")


def private_zone(case: Case) -> Iterator[Line]:
    """By the month; queries are a few cents a million."""
    yield case.amount("private DNS zone", "private-dns-zone", ANY)
    yield case.usage("DNS queries", "private-dns-queries", ANY, "1M queries")


def public_address(case: Case) -> Iterator[Line]:
    """A Standard address is static and billed all month."""
    sku = at(case.resource.inputs, "sku", "name") or "Basic"
    yield case.amount(f"public address, {sku}", "public-ip", str(sku))


def nat_gateway(case: Case) -> Iterator[Line]:
    """By the hour, and by what flows through it."""
    sku = at(case.resource.inputs, "sku", "name") or "Standard"
    yield case.amount("NAT gateway", "nat-gateway", str(sku))
    yield case.usage("data through NAT", "nat-gateway-data", str(sku), "GB")


def firewall(case: Case) -> Iterator[Line]:
    """By the hour and tier, and by what flows through it."""
    yield from firewall_lines(case, str(at(case.resource.inputs, "sku", "tier") or "Standard"))


def firewall_lines(case: Case, tier: str, *notes: str) -> Iterator[Line]:
    """Price a firewall, whoever made it."""
    yield case.amount(f"firewall, {tier}", "firewall", tier, notes=notes)
    yield case.usage(f"data through the firewall, {tier}", "firewall-data", tier, "GB")


def firewall_policy(case: Case) -> Iterator[Line]:
    """Free with one firewall; more of them that share it are billed each."""
    firewalls = case.neighbours("network:AzureFirewall")
    if firewalls > 1 and case.neighbours(case.resource.kind) < firewalls:
        yield case.unpriced("firewall policy", "no price for a policy that firewalls share")
    else:
        yield case.free("firewall policy", "free with one firewall")


def flow_log(case: Case) -> Iterator[Line]:
    """By what is logged; its analysis is billed with the workspace's logs."""
    yield case.usage("flows logged", "flow-log", ANY, "GB")


def bastion(case: Case) -> Iterator[Line]:
    """By the hour and SKU for two scale units; Developer is free."""
    sku = str(at(case.resource.inputs, "sku", "name") or "Standard")
    if sku == _DEVELOPER:
        yield case.free("bastion, Developer")
        return
    yield case.amount(f"bastion, {sku}", "bastion", sku)
    more = number(case.resource.inputs, "scaleUnits", default=2) - 2
    if more > 0:
        yield case.unpriced(f"bastion, {more} more scale units", "no price for scale units")
    yield case.usage("data out through bastion", "bastion-data", ANY, "GB")


def vpn_gateway(case: Case) -> Iterator[Line]:
    """By the hour and SKU; people beyond the 128 included pay by the connection."""
    if at(case.resource.inputs, "gatewayType") == "ExpressRoute":
        yield case.unpriced("ExpressRoute gateway", "no prices for ExpressRoute")
        return
    sku = case.resource.text("sku", "name")
    yield case.amount(f"VPN gateway, {sku}", "vpn-gateway", sku)
    yield case.usage("connections over 128", "vpn-gateway-connection", ANY, "connection hour")
    yield case.usage("data out through VPN", "vpn-gateway-data", ANY, "GB")


def front_door(case: Case) -> Iterator[Line]:
    """A profile's base fee, and requests and data."""
    sku = case.resource.text("sku", "name")
    yield case.amount(f"profile, {sku}", "front-door", sku)
    yield case.usage(f"requests, {sku}", "front-door-requests", sku, "10k requests")
    yield case.usage("data to users", "front-door-data", sku, "GB")


def front_door_rules(case: Case) -> Iterator[Line]:
    """The firewall policy of a Premium profile is included; another one is not priced."""
    sku = str(at(case.resource.inputs, "sku", "name"))
    if sku == "Premium_AzureFrontDoor":
        yield case.free("firewall policy", "included in the Premium profile")
    else:
        yield case.unpriced("firewall policy", f"no price for a policy of {sku}")


def peering(case: Case) -> Iterator[Line]:
    """By what flows in and out."""
    yield case.usage("data over peerings", "peering-data", ANY, "GB")


SERVICE = Service(
    "Network",
    {
        "network:PrivateEndpoint": private_endpoint,
        "network:PrivateZone": private_zone,
        "privatedns:PrivateZone": private_zone,
        "network:PublicIPAddress": public_address,
        "network:NatGateway": nat_gateway,
        "network:AzureFirewall": firewall,
        "network:FirewallPolicy": firewall_policy,
        "network:FlowLog": flow_log,
        "network:BastionHost": bastion,
        "network:VirtualNetworkGateway": vpn_gateway,
        "network:VirtualNetworkPeering": peering,
        "cdn:Profile": front_door,
        "network:Profile": front_door,
        "frontdoor:Policy": front_door_rules,
        "network:Policy": front_door_rules,
    },
)
