"""The address plan: which part of an environment's space each stamp and each subnet gets."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network
from itertools import combinations

from infra.settings import Egress, Isolation, Settings, StampNetwork

STAMP_PREFIX = 20
_BLOCK_PREFIX = 24

# Azure Machine Learning's compute runs Docker on its default bridge: peers there are not reachable.
# https://learn.microsoft.com/azure/machine-learning/how-to-secure-training-vnet
DOCKER_BRIDGE = IPv4Network("172.17.0.0/16")


class Purpose(StrEnum):
    """What a subnet is for. Which of them a stamp has, `needed` says."""

    PRIVATE_ENDPOINTS = "private-endpoints"
    ACCESS = "access"
    RUNNERS = "runners"
    BASTION = "bastion"
    FIREWALL = "firewall"
    GATEWAY = "gateway"
    DNS_INBOUND = "dns-inbound"
    JUMP_HOST = "jump-host"
    AKS_API_SERVER = "aks-api-server"
    CONTAINER_INSTANCES = "container-instances"
    AKS_LOAD_BALANCER = "aks-load-balancer"
    API_GATEWAY = "api-gateway"
    TRAINING = "training"
    AKS_NODES = "aks-nodes"

    @property
    def key(self) -> str:
        """Its key in the settings of a stamp's addresses."""
        return self.value.replace("-", "_")


# Azure looks for these subnets by their names.
RESERVED_NAMES: dict[Purpose, str] = {
    Purpose.BASTION: "AzureBastionSubnet",
    Purpose.FIREWALL: "AzureFirewallSubnet",
    Purpose.GATEWAY: "GatewaySubnet",
}

# The smallest that Azure accepts, or that leaves room to grow; /28 where nothing is said.
# https://learn.microsoft.com/azure/bastion/configuration-settings#subnet
# https://learn.microsoft.com/azure/firewall/firewall-faq
# https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound
LONGEST_PREFIX: dict[Purpose, int] = {
    Purpose.API_GATEWAY: 27,
    Purpose.BASTION: 26,
    Purpose.FIREWALL: 26,
    Purpose.GATEWAY: 27,
}


@dataclass(frozen=True)
class Slot:
    """Where a subnet lies in its stamp: its /24 block, its first address there, its size."""

    block: int
    prefix: int
    start: int = 0


# A purpose keeps its slot for ever: a subnet that moves is replaced, with everything in it. So an
# option that is turned on takes a slot that waited for it. Free: the first quarter of block 2 (for
# a firewall's management subnet), the rest of block 3, and blocks 10 to 15.
SLOTS: dict[Purpose, Slot] = {
    Purpose.PRIVATE_ENDPOINTS: Slot(block=0, prefix=24),
    Purpose.ACCESS: Slot(block=1, prefix=26),
    Purpose.RUNNERS: Slot(block=1, prefix=26, start=64),
    Purpose.BASTION: Slot(block=1, prefix=26, start=128),
    Purpose.FIREWALL: Slot(block=1, prefix=26, start=192),
    Purpose.GATEWAY: Slot(block=2, prefix=27, start=64),
    Purpose.DNS_INBOUND: Slot(block=2, prefix=28, start=96),
    Purpose.JUMP_HOST: Slot(block=2, prefix=28, start=112),
    Purpose.AKS_API_SERVER: Slot(block=2, prefix=28, start=128),
    Purpose.CONTAINER_INSTANCES: Slot(block=2, prefix=27, start=160),
    Purpose.AKS_LOAD_BALANCER: Slot(block=2, prefix=26, start=192),
    Purpose.API_GATEWAY: Slot(block=3, prefix=26),
    Purpose.TRAINING: Slot(block=4, prefix=22),
    Purpose.AKS_NODES: Slot(block=8, prefix=23),
}

# Whose machines reach the internet: by a NAT gateway, or through the firewall.
LEAVING = (
    Purpose.RUNNERS,
    Purpose.JUMP_HOST,
    Purpose.CONTAINER_INSTANCES,
    Purpose.API_GATEWAY,
    Purpose.TRAINING,
    Purpose.AKS_NODES,
)
# Those whose traffic a firewall bounds. The API gateway talks to the parts of its own service only,
# and its security rules name all of them.
WALLED = tuple(purpose for purpose in LEAVING if purpose is not Purpose.API_GATEWAY)

# What Kubernetes hands out inside the cluster; the network never sees services, but it sees pods.
KUBERNETES_PODS = IPv4Network("192.168.0.0/16")
KUBERNETES_SERVICES = IPv4Network("172.30.0.0/16")


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


def plan(
    space: IPv4Network,
    purposes: Iterable[Purpose],
    given: Mapping[Purpose, IPv4Network] | None = None,
) -> StampAddresses:
    """Lay the subnets of a stamp into its space; `given` ones stay where the settings put them."""
    wanted = set(purposes)
    subnets = {purpose: _slot(space, slot) for purpose, slot in SLOTS.items() if purpose in wanted}
    chosen = {purpose: subnet for purpose, subnet in (given or {}).items() if purpose in wanted}
    return StampAddresses(space=space, subnets={**subnets, **chosen})


def needed(settings: Settings) -> tuple[Purpose, ...]:
    """Return what a stamp needs subnets for; an option that is off has none."""
    own_training = settings.isolation is Isolation.OWN_VNET
    bastion, vpn, aks = (
        settings.entry.bastion.enabled,
        settings.entry.vpn.enabled,
        settings.kubernetes.enabled,
    )
    wanted = {
        Purpose.PRIVATE_ENDPOINTS: True,
        Purpose.ACCESS: True,
        Purpose.RUNNERS: settings.entry.runners,
        Purpose.BASTION: bastion,
        Purpose.JUMP_HOST: bastion,
        Purpose.GATEWAY: vpn,
        Purpose.DNS_INBOUND: vpn,
        Purpose.AKS_API_SERVER: aks,
        Purpose.AKS_LOAD_BALANCER: aks,
        Purpose.AKS_NODES: aks,
        Purpose.CONTAINER_INSTANCES: settings.serving.test_target,
        Purpose.API_GATEWAY: settings.serving.front_door.enabled,
        Purpose.TRAINING: own_training,
    }
    # A firewall costs by the hour: where nothing goes out, there is none.
    leaving = any(wanted[purpose] for purpose in WALLED)
    wanted[Purpose.FIREWALL] = leaving and settings.network.egress is Egress.FIREWALL
    return tuple(purpose for purpose in Purpose if wanted[purpose])


def stamp_addresses(settings: Settings, region: str) -> StampAddresses:
    """Where a stamp and its subnets lie: the plan, corrected by what the settings say."""
    given = settings.network.stamps.get(region, StampNetwork())
    index = settings.regions.index(region)
    space = given.address_space or stamp_space(settings.network.address_space, index)
    chosen = {purpose: getattr(given, purpose.key) for purpose in Purpose}
    return plan(
        space,
        needed(settings),
        {purpose: subnet for purpose, subnet in chosen.items() if subnet},
    )


def _slot(space: IPv4Network, slot: Slot) -> IPv4Network:
    first = int(space.network_address) + slot.block * 2 ** (32 - _BLOCK_PREFIX) + slot.start
    return IPv4Network((first, slot.prefix))


def overlaps(
    networks: Sequence[tuple[str, IPv4Network]],
) -> list[tuple[tuple[str, IPv4Network], tuple[str, IPv4Network]]]:
    """Each pair of named networks that share an address."""
    return [(a, b) for a, b in combinations(networks, 2) if a[1].overlaps(b[1])]
