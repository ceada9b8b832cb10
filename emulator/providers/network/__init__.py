"""Microsoft.Network: networks, their rules, private endpoints and private DNS."""

from emulator.providers.network import (
    dns,
    endpoints,
    others,
    security_groups,
    subnets,
    virtual_networks,
    watchers,
    zone_groups,
)

__all__ = [
    "dns",
    "endpoints",
    "others",
    "security_groups",
    "subnets",
    "virtual_networks",
    "watchers",
    "zone_groups",
]
