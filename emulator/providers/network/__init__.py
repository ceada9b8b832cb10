"""Microsoft.Network: networks, their rules, ways in and out, private endpoints and private DNS."""

from emulator.providers.network import (
    approvals,
    bastions,
    dns,
    endpoint_policies,
    endpoints,
    firewalls,
    others,
    resolvers,
    security_groups,
    subnets,
    virtual_networks,
    vpn_gateways,
    watchers,
    zone_groups,
)

__all__ = [
    "approvals",
    "bastions",
    "dns",
    "endpoint_policies",
    "endpoints",
    "firewalls",
    "others",
    "resolvers",
    "security_groups",
    "subnets",
    "virtual_networks",
    "vpn_gateways",
    "watchers",
    "zone_groups",
]
