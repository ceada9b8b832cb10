"""The address plan: which part of an environment's space each stamp and each subnet gets."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from itertools import combinations

from infra.settings import Settings, StampNetwork

STAMP_PREFIX = 20
_BLOCK_PREFIX = 24

# Azure Machine Learning's compute runs Docker on its default bridge: peers there are not reachable.
# https://learn.microsoft.com/azure/machine-learning/how-to-secure-training-vnet
DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")


class Purpose(StrEnum):
    """What a subnet is for."""

    PRIVATE_ENDPOINTS = "private-endpoints"
    ACCESS = "access"


@dataclass(frozen=True)
class Slot:
    """Where a subnet lies in its stamp: the first /24 block it uses, and its size."""

    block: int
    prefix: int


# A purpose keeps its slot for ever: a subnet that moves is replaced, with everything in it.
# Blocks 4 to 15 are free for training, AKS, API server, firewall and bastion subnets.
SLOTS: dict[Purpose, Slot] = {
    Purpose.PRIVATE_ENDPOINTS: Slot(block=0, prefix=24),
    Purpose.ACCESS: Slot(block=1, prefix=26),
}


@dataclass(frozen=True)
class StampAddresses:
    """The addresses of one stamp."""

    space: IPv4Network
    subnets: dict[Purpose, IPv4Network]


def capacity(environment: IPv4Network) -> int:
    """How many stamps fit into an environment's space."""
    spare = STAMP_PREFIX - environment.prefixlen
    return 2**spare if spare >= 0 else 0


def stamp_space(environment: IPv4Network, index: int) -> IPv4Network:
    """The space of the stamp at `index` of the list of regions; new regions go to its end."""
    first = int(environment.network_address) + index * 2 ** (32 - STAMP_PREFIX)
    return IPv4Network((first, STAMP_PREFIX))


def plan(space: IPv4Network, given: dict[Purpose, IPv4Network] | None = None) -> StampAddresses:
    """Lay the subnets of a stamp into its space; `given` ones stay where the settings put them."""
    subnets = {purpose: _slot(space, slot) for purpose, slot in SLOTS.items()}
    return StampAddresses(space=space, subnets={**subnets, **(given or {})})


def stamp_addresses(settings: Settings, region: str) -> StampAddresses:
    """Where a stamp and its subnets lie: the plan, corrected by what the settings say."""
    given = settings.network.stamps.get(region, StampNetwork())
    index = settings.regions.index(region)
    space = given.address_space or stamp_space(settings.network.address_space, index)
    chosen = {
        Purpose.PRIVATE_ENDPOINTS: given.private_endpoints,
        Purpose.ACCESS: given.access,
    }
    return plan(space, {purpose: subnet for purpose, subnet in chosen.items() if subnet})


def _slot(space: IPv4Network, slot: Slot) -> IPv4Network:
    first = int(space.network_address) + slot.block * 2 ** (32 - _BLOCK_PREFIX)
    return IPv4Network((first, slot.prefix))


def overlaps(
    networks: Sequence[tuple[str, IPv4Network]],
) -> list[tuple[tuple[str, IPv4Network], tuple[str, IPv4Network]]]:
    """Each pair of named networks that share an address."""
    return [(a, b) for a, b in combinations(networks, 2) if a[1].overlaps(b[1])]
