"""Places in subnets: where something of Azure's may stand, and the addresses that it gets."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.ids import parse
from emulator.arm.store import Resource, Store
from emulator.providers.checks import IpNetwork, bad, default, of_type, one_of
from emulator.providers.network.occupants import addresses_in, holders
from emulator.providers.network.subnets import TYPE, endpoints_in, ranges_of

PUBLIC = "Microsoft.Network/publicIPAddresses"
_RESOLVERS = "microsoft.network/dnsresolvers"
_FIRST_FREE = 4  # Azure keeps the first four addresses of a subnet and the last one


def free(store: Store, subnet: Resource, but: str = "") -> Iterator[str]:
    """Yield the addresses of a subnet that nobody has."""
    used = addresses_in(store, subnet["id"], but) | {
        address
        for endpoint in endpoints_in(store, subnet["id"])
        for config in endpoint["properties"]["customDnsConfigs"]
        for address in config["ipAddresses"]
    }
    for network in ranges_of(subnet):
        if isinstance(network, ipaddress.IPv4Network):
            for index in range(_FIRST_FREE, network.num_addresses - 1):
                if str(network[index]) not in used:
                    yield str(network[index])


def place(ctx: Context, resource: Resource, part: dict[str, Any], where: str) -> Resource:
    """Return the subnet that a configuration names, in the region of the resource.

    Raises:
        ArmError: 400: it names none, or one that is elsewhere.
    """
    path = f"{where}.subnet.id"
    wanted = (part.get("subnet") or {}).get("id")
    subnet = of_type(ctx.store, wanted, TYPE)
    if subnet is None:
        sentence = f"Resource {wanted} referenced by resource {resource['id']} was not found."
        raise bad(path, sentence, "InvalidResourceReference")
    network = parse(subnet["id"]).parent
    home = ctx.store.get(network.text) if network else None
    region = (home or {}).get("location")
    if region != resource.get("location"):
        sentence = (
            f"'{resource['name']}' is in '{resource.get('location')}', its virtual network in "
            f"'{region}'; wanted: the same region."
        )
        raise bad(path, sentence, "InvalidResourceReference")
    return subnet


def require_subnet(subnet: Resource, name: str, smallest: int, code: str) -> None:
    """Refuse a subnet that has not the name and width that a service wants.

    Raises:
        ArmError: 400.
    """
    if subnet["name"] != name:
        sentence = f"The subnet is named '{subnet['name']}'; wanted: exactly '{name}'."
        raise bad("properties.ipConfigurations", sentence, code)
    widest: IpNetwork = min(ranges_of(subnet), key=lambda one: one.prefixlen)
    if widest.version == 4 and widest.prefixlen > smallest:
        sentence = f"Subnet '{name}' has the range {widest}; wanted: /{smallest} or wider."
        raise bad("properties.ipConfigurations", sentence, code)


def require_public(ctx: Context, resource: Resource, part: dict[str, Any], where: str) -> Resource:
    """Return the public address of a configuration: Standard, static and nobody else's.

    Raises:
        ArmError: 400.
    """
    path = f"{where}.publicIPAddress.id"
    wanted = (part.get("publicIPAddress") or {}).get("id")
    address = of_type(ctx.store, wanted, PUBLIC)
    if address is None:
        sentence = f"Resource {wanted} referenced by resource {resource['id']} was not found."
        raise bad(path, sentence, "InvalidResourceReference")
    sku, method = address["sku"]["name"], address["properties"]["publicIPAllocationMethod"]
    if sku != "Standard" or method != "Static":
        sentence = f"'{address['name']}' is {sku} and {method}; wanted: Standard and Static."
        raise bad(path, sentence, "PublicIPAddressSkuNotSupported")
    if address.get("location") != resource.get("location"):
        sentence = f"'{address['name']}' is in '{address.get('location')}', another region."
        raise bad(path, sentence, "InvalidResourceReference")
    others = holders(ctx.store, address["id"], resource["id"])
    if others:
        sentence = f"'{address['name']}' is in use by {others[0]['id']}; wanted: one of its own."
        raise bad(path, sentence, "PublicIPAddressInUse")
    return address


def settle(
    ctx: Context,
    resource: Resource,
    subnet: Resource,
    part: dict[str, Any],
    before: str | None,
) -> str:
    """Give a configuration its private address: the one asked for, the one it had, or a free one.

    Raises:
        ArmError: 400: the address is taken or outside, or none is left.
    """
    of_resolver = resource["type"].lower().startswith(_RESOLVERS)
    key = "privateIpAddress" if of_resolver else "privateIPAddress"  # as each API spells it
    method = f"{key.removesuffix('Address')}AllocationMethod"
    path = f"properties.ipConfigurations.{key}"
    part[method] = one_of(default(part, method, "Dynamic"), ("Dynamic", "Static"), path)
    open_ = list(free(ctx.store, subnet, resource["id"]))
    asked = part.get(key) if part[method] == "Static" else before
    if part[method] == "Static" and not asked:
        raise bad(path, f"'{path}' is missing; a static address is named.", "InvalidRequestFormat")
    if asked and asked not in open_:
        sentence = f"The address {asked} is not free in subnet '{subnet['name']}'."
        raise bad(path, sentence, "PrivateIPAddressNotAvailable")
    if not asked and not open_:
        sentence = f"Subnet '{subnet['name']}' has no free address left."
        raise bad(path, sentence, "SubnetIsFull")
    part[key] = asked or open_[0]
    return str(part[key])


def parts_of(resource: Resource, code: str = "InvalidRequestFormat") -> list[dict[str, Any]]:
    """Return the configurations of a resource, each with a name of its own.

    Raises:
        ArmError: 400.
    """
    path = "properties.ipConfigurations"
    found = resource["properties"].get("ipConfigurations")
    if not isinstance(found, list) or not found:
        raise bad(path, f"'{path}' is {found!r}; wanted: a list of configurations.", code)
    names = [str(one.get("name") or "") for one in found]
    if not all(names) or len(set(names)) != len(names):
        raise bad(path, f"'{path}' has the names {names}; wanted: each has one of its own.", code)
    for one in found:
        one.setdefault("properties", {})
    return found


def before_of(previous: Resource | None, name: str) -> dict[str, Any]:
    """Return what a configuration was before."""
    for one in ((previous or {}).get("properties") or {}).get("ipConfigurations") or []:
        if one.get("name") == name:
            return one.get("properties") or one
    return {}


def complete(resource: Resource, kind: str) -> None:
    """Give each configuration its id and state."""
    for one in resource["properties"]["ipConfigurations"]:
        one["id"] = f"{resource['id']}/{kind}/{one['name']}"
        one["properties"]["provisioningState"] = "Succeeded"
