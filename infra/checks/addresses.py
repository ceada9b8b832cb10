"""Checks of regions and of the address plan: no two ranges meet."""

from ipaddress import IPv4Network

from infra.addresses import (
    DOCKER_BRIDGE,
    LONGEST_PREFIX,
    STAMP_PREFIX,
    StampAddresses,
    capacity,
    overlaps,
    stamp_addresses,
)
from infra.problems import Problem
from infra.settings import Settings, StampNetwork

_SMALLEST_STAMP = 23
_LONGEST_PREFIX = 28


def room_for_regions(settings: Settings, prefix: str) -> list[Problem]:
    """Each region without an address space of its own takes a /20 of the environment's."""
    planned = [r for r in settings.regions if not _own_space(settings, r)]
    last = max((settings.regions.index(r) for r in planned), default=-1)
    space = settings.network.address_space
    if last < capacity(space):
        return []
    found = f"{space} with {capacity(space)} of the {last + 1} /{STAMP_PREFIX} that it needs"
    return [
        Problem(
            f"{prefix}network.address_space",
            found,
            "a /20 for each region",
            "give a wider range, such as 10.10.0.0/16",
        )
    ]


def separate_addresses(settings: Settings, prefix: str) -> list[Problem]:
    """No two ranges that must be told apart share an address."""
    if room_for_regions(settings, prefix):
        return []
    problems: list[Problem] = []
    spaces: list[tuple[str, IPv4Network]] = []
    for region in dict.fromkeys(settings.regions):
        addresses = stamp_addresses(settings, region)
        where = f"{prefix}network.stamps.{region}"
        spaces.append((_space_key(settings, region, prefix), addresses.space))
        problems += _inside_a_stamp(addresses, where)
    reserved = [
        (f"{prefix}network.reserved.{index}", network)
        for index, network in enumerate(settings.network.reserved)
    ]
    problems += [
        _overlap(a, b)
        for a, b in overlaps([*spaces, *reserved])
        if not (a in reserved and b in reserved)
    ]
    problems += [
        Problem(
            key,
            str(space),
            f"a range outside {DOCKER_BRIDGE}, which Azure Machine Learning uses for Docker",
            "choose another private range",
        )
        for key, space in spaces
        if space.overlaps(DOCKER_BRIDGE)
    ]
    return problems


def private_addresses(settings: Settings, prefix: str) -> list[Problem]:
    """A virtual network on public addresses hides their owners from it."""
    given = [(f"{prefix}network.address_space", settings.network.address_space)]
    given += [
        (f"{prefix}network.stamps.{region}.address_space", stamp.address_space)
        for region, stamp in settings.network.stamps.items()
        if stamp.address_space
    ]
    return [
        Problem(key, str(space), "a private range (RFC 1918)", "take one of 10.0.0.0/8")
        for key, space in given
        if not space.is_private
    ]


def known_stamps(settings: Settings, prefix: str) -> list[Problem]:
    wanted = "one of `regions`"
    fix = "add the region to `regions`, or remove its addresses"
    return [
        Problem(f"{prefix}network.stamps.{region}", "a region without a stamp", wanted, fix)
        for region in settings.network.stamps
        if region not in settings.regions
    ]


def distinct_regions(settings: Settings, prefix: str) -> list[Problem]:
    twice = sorted({r for r in settings.regions if settings.regions.count(r) > 1})
    return [
        Problem(f"{prefix}regions", f"{region} twice", "each region once", "remove one")
        for region in twice
    ]


def _own_space(settings: Settings, region: str) -> bool:
    return settings.network.stamps.get(region, StampNetwork()).address_space is not None


def _space_key(settings: Settings, region: str, prefix: str) -> str:
    if _own_space(settings, region):
        return f"{prefix}network.stamps.{region}.address_space"
    return f"{prefix}network.address_space (the part of {region})"


def _inside_a_stamp(addresses: StampAddresses, where: str) -> list[Problem]:
    space = addresses.space
    if space.prefixlen > _SMALLEST_STAMP:
        wanted = f"/{_SMALLEST_STAMP} or wider, to hold its subnets"
        return [Problem(f"{where}.address_space", str(space), wanted, "give a wider range")]
    named = [(f"{where}.{purpose.key}", subnet) for purpose, subnet in addresses.subnets.items()]
    outside = [
        Problem(key, str(subnet), f"a part of the region's {space}", "choose one inside it")
        for key, subnet in named
        if not subnet.subnet_of(space)
    ]
    longest = {
        f"{where}.{purpose.key}": LONGEST_PREFIX.get(purpose, _LONGEST_PREFIX)
        for purpose in addresses.subnets
    }
    tiny = [
        Problem(key, str(subnet), f"/{longest[key]} or wider, for what it has to hold", "widen it")
        for key, subnet in named
        if subnet.prefixlen > longest[key]
    ]
    return outside + tiny + [_overlap(a, b) for a, b in overlaps(named)]


def _overlap(a: tuple[str, IPv4Network], b: tuple[str, IPv4Network]) -> Problem:
    found = f"{a[1]}, which overlaps {b[1]} of {b[0]}"
    return Problem(a[0], found, "a range of its own", "move one of the two")
