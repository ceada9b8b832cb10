"""Where a caller stands: what the word that comes with a connection means."""

import ipaddress
from dataclasses import dataclass

from emulator.arm.store import Resource, Store
from emulator.login.callers import INTERNET, PRIVATE

SUBNETS = "Microsoft.Network/virtualNetworks/subnets"
# A job in a workspace's network; a service at work for one of its resources.
WORKSPACE = "workspace:"
SERVICE = "service:"

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Stand:
    """A place, understood. At most one of the last four is given."""

    word: str
    address: Address | None = None
    subnets: tuple[Resource, ...] = ()
    workspace: str = ""
    service: str = ""

    @property
    def is_private(self) -> bool:
        return self.word == PRIVATE


def understand(store: Store, place: str) -> Stand:
    """Return what a place means: `private`, `internet`, an address, a subnet, a workspace."""
    if place in {PRIVATE, INTERNET}:
        return Stand(place)
    if place.startswith(WORKSPACE):
        return Stand(place, workspace=place.removeprefix(WORKSPACE))
    if place.startswith(SERVICE):
        return Stand(place, service=place.removeprefix(SERVICE))
    address = address_of(place)
    wanted = place.lower()
    subnets = tuple(
        subnet
        for subnet in store.find(SUBNETS)
        if (wanted in {subnet["id"].lower(), subnet["name"].lower()})
        or (address is not None and any(address in net for net in _ranges(subnet)))
    )
    return Stand(place, address=None if subnets else address, subnets=subnets)


def address_of(place: str) -> Address | None:
    """Return the address that a place is, or None."""
    try:
        return ipaddress.ip_address(place)
    except ValueError:
        return None


def _ranges(subnet: Resource) -> list[Network]:
    properties = subnet["properties"]
    texts = [properties.get("addressPrefix"), *(properties.get("addressPrefixes") or ())]
    return [ipaddress.ip_network(str(text)) for text in texts if text]
