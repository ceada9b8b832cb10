"""The security rules of each subnet; what no rule allows is denied."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import NamedTuple

from pulumi_azure_native.network import (
    SecurityRuleAccess,
    SecurityRuleArgsDict,
    SecurityRuleDirection,
    SecurityRuleProtocol,
)

from infra.addresses import Purpose

_IN, _OUT = SecurityRuleDirection.INBOUND, SecurityRuleDirection.OUTBOUND
_TCP, _UDP = SecurityRuleProtocol.TCP, SecurityRuleProtocol.UDP
_ANY = SecurityRuleProtocol.ASTERISK
_NETWORK, _INTERNET, _BALANCER = "VirtualNetwork", "Internet", "AzureLoadBalancer"
_FIRST, _STEP, _LAST = 100, 10, 4096
_HTTPS = ("443",)
_WEB = ("80", "443")
_ALL_PORTS = ("*",)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What the rules of a subnet have to know about the stamp that it lies in."""

    region: str
    space: IPv4Network
    subnets: Mapping[Purpose, IPv4Network]
    bastion_clients: Sequence[IPv4Network]
    """Public ranges from which people may reach the bastion host."""
    vpn_clients: IPv4Network | None
    pods: IPv4Network | None
    """Addresses of Kubernetes pods, where there is a cluster."""
    high_business_impact: bool


class _Peer(NamedTuple):
    """Who may be talked with: a service tag or address range, by what it is allowed for."""

    purpose: str
    address: str
    ports: Sequence[str] = _HTTPS
    protocol: SecurityRuleProtocol = _TCP


def rules_for(purpose: Purpose, place: Place) -> list[SecurityRuleArgsDict] | None:
    """Return the rules of a subnet in the order of their priorities.

    None for the subnets that Azure looks after itself and that take no security group:
    https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings#gwsub
    https://learn.microsoft.com/azure/firewall/firewall-faq
    """
    make = _RULES.get(purpose)
    return None if make is None else make(place)


def _private_endpoints(place: Place) -> list[SecurityRuleArgsDict]:
    # Endpoints answer; they never open a connection.
    clients = [_Peer("clients", _NETWORK)]
    if place.vpn_clients:
        clients.append(_Peer("vpn", str(place.vpn_clients)))
    if Purpose.TRAINING in place.subnets:
        # Nodes mount the workspace's file share.
        clients.append(_Peer("files", str(place.subnets[Purpose.TRAINING]), ("445",)))
    return [*_allowed(_IN, clients), _deny_all(_IN), _deny_all(_OUT)]


def _access(_: Place) -> list[SecurityRuleArgsDict]:
    out = [
        _Peer("platform", _NETWORK),
        _Peer("sign-in", "AzureActiveDirectory"),
        _Peer("management", "AzureResourceManager"),
        # The studio's own pages come from there.
        _Peer("studio", "AzureFrontDoor.Frontend"),
    ]
    return [_deny_all(_IN), *_allowed(_OUT, out), _deny_all(_OUT)]


def _training(place: Place) -> list[SecurityRuleArgsDict]:
    """What Azure documents for compute without public addresses in a network of one's own.

    https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall
    """
    # A route to 0.0.0.0/0 makes the tag VirtualNetwork mean everything, so ranges stand here.
    nodes, platform = str(place.subnets[Purpose.TRAINING]), str(place.space)
    out = [
        _Peer("nodes", nodes, _ALL_PORTS, _ANY),
        _Peer("platform", platform, ("443", "445")),
        _Peer("sign-in", "AzureActiveDirectory", _WEB),
        _Peer("machine-learning", "AzureMachineLearning", ("443", "8787", "18881")),
        _Peer("machine-learning-udp", "AzureMachineLearning", ("5831",), _UDP),
        _Peer("batch", f"BatchNodeManagement.{place.region}", _HTTPS, _ANY),
        _Peer("management", "AzureResourceManager"),
        # The service endpoint's policy says which accounts: the service's own.
        _Peer("storage", f"Storage.{place.region}", ("443", "445")),
        _Peer("studio", "AzureFrontDoor.Frontend"),
        _Peer("images-edge", "AzureFrontDoor.FirstParty"),
        _Peer("images", "MicrosoftContainerRegistry"),
        _Peer("monitor", "AzureMonitor"),
        # Packages: by the NAT gateway, or as far as the firewall lets them.
        _Peer("internet", _INTERNET, _WEB),
    ]
    if place.high_business_impact:
        out.append(_Peer("batch-keys", f"AzureKeyVault.{place.region}"))
    # Distributed training: the nodes of a job talk to each other. Nobody else talks to them: nodes
    # without public addresses call the service, never the other way round.
    within = [_Peer("nodes", nodes, _ALL_PORTS, _ANY)]
    return [*_allowed(_IN, within, nodes), _deny_all(_IN), *_closed(_OUT, out, nodes)]


def _runners(place: Place) -> list[SecurityRuleArgsDict]:
    own = str(place.subnets[Purpose.RUNNERS])
    out = [
        _Peer("platform", str(place.space)),
        _Peer("sign-in", "AzureActiveDirectory"),
        _Peer("management", "AzureResourceManager"),
        _Peer("internet", _INTERNET),
    ]
    return [_deny_all(_IN), *_closed(_OUT, out, own)]


def _jump_host(place: Place) -> list[SecurityRuleArgsDict]:
    own, bastion = (str(place.subnets[p]) for p in (Purpose.JUMP_HOST, Purpose.BASTION))
    out = [_Peer("platform", str(place.space)), _Peer("internet", _INTERNET, _WEB)]
    return [*_closed(_IN, [_Peer("bastion", bastion, ("22",))], own), *_closed(_OUT, out, own)]


def _bastion(place: Place) -> list[SecurityRuleArgsDict]:
    """Everything here is what Azure asks for: without one of these the host is refused.

    https://learn.microsoft.com/azure/bastion/bastion-nsg
    """
    between_hosts = _Peer("hosts", _NETWORK, ("8080", "5701"), _ANY)
    return [
        *_rules(
            _IN,
            [
                *(
                    # People arrive here, and sign in with Entra before they get any further.
                    (_Peer(f"people-{index}", str(clients)), "*")
                    for index, clients in enumerate(place.bastion_clients)
                ),
                (_Peer("control", "GatewayManager"), "*"),
                (_Peer("probes", _BALANCER), "*"),
                (between_hosts, _NETWORK),
            ],
        ),
        _deny_all(_IN),
        *_rules(
            _OUT,
            [
                (_Peer("machines", _NETWORK, ("22", "3389"), _ANY), "*"),
                (_Peer("azure", "AzureCloud"), "*"),
                (between_hosts, _NETWORK),
                (_Peer("sessions", _INTERNET, ("80",), _ANY), "*"),
            ],
        ),
        _deny_all(_OUT),
    ]


def _dns_inbound(place: Place) -> list[SecurityRuleArgsDict]:
    own = str(place.subnets[Purpose.DNS_INBOUND])
    clients = [_Peer("network", _NETWORK, ("53",), _ANY)]
    if place.vpn_clients:
        clients.append(_Peer("vpn", str(place.vpn_clients), ("53",), _ANY))
    return [*_closed(_IN, clients, own), _deny_all(_OUT)]


def _container_instances(place: Place) -> list[SecurityRuleArgsDict]:
    own, platform = str(place.subnets[Purpose.CONTAINER_INSTANCES]), str(place.space)
    out = [_Peer("platform", platform), _Peer("internet", _INTERNET)]
    # Containers listen where their image says.
    return [
        *_closed(_IN, [_Peer("tests", platform, _ALL_PORTS)], own),
        *_closed(_OUT, out, own),
    ]


def _api_gateway(place: Place) -> list[SecurityRuleArgsDict]:
    # It calls endpoints from here; nobody calls it here.
    # https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound
    own = str(place.subnets[Purpose.API_GATEWAY])
    out = [
        _Peer("platform", str(place.space)),
        _Peer("sign-in", "AzureActiveDirectory"),  # the keys that callers' tokens are signed with
        _Peer("storage", f"Storage.{place.region}"),
    ]
    return [_deny_all(_IN), *_closed(_OUT, out, own)]


def _aks_nodes(place: Place) -> list[SecurityRuleArgsDict]:
    """Nodes and pods talk to each other with their own addresses.

    https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay
    """
    within = [_Peer("network", str(place.space), _ALL_PORTS, _ANY)]
    if place.pods:
        within.append(_Peer("pods", str(place.pods), _ALL_PORTS, _ANY))
    out = [
        *within,
        _Peer("internet", _INTERNET, _WEB),
        _Peer("time", _INTERNET, ("123",), _UDP),
    ]
    probes = _Peer("probes", _BALANCER, _ALL_PORTS, _ANY)
    # Pods are at both ends, so the other end stays open here.
    return [*_closed(_IN, [*within, probes], "*"), *_closed(_OUT, out, "*")]


def _aks_api_server(place: Place) -> list[SecurityRuleArgsDict]:
    """What Azure asks for; it documents nothing of the way out, which stays as Azure has it.

    https://learn.microsoft.com/azure/aks/api-server-vnet-integration
    """
    clients = [
        _Peer("clients", _NETWORK, ("443", "4443")),
        _Peer("probes", _BALANCER, ("9988",)),
    ]
    if place.vpn_clients:
        clients.append(_Peer("vpn", str(place.vpn_clients)))
    return _closed(_IN, clients, str(place.subnets[Purpose.AKS_API_SERVER]))


def _aks_load_balancer(place: Place) -> list[SecurityRuleArgsDict]:
    clients = [_Peer("clients", _NETWORK), _Peer("probes", _BALANCER, _ALL_PORTS, _ANY)]
    own = str(place.subnets[Purpose.AKS_LOAD_BALANCER])
    return [*_closed(_IN, clients, own), _deny_all(_OUT)]


_RULES: dict[Purpose, Callable[[Place], list[SecurityRuleArgsDict]]] = {
    Purpose.PRIVATE_ENDPOINTS: _private_endpoints,
    Purpose.ACCESS: _access,
    Purpose.RUNNERS: _runners,
    Purpose.BASTION: _bastion,
    Purpose.JUMP_HOST: _jump_host,
    Purpose.DNS_INBOUND: _dns_inbound,
    Purpose.CONTAINER_INSTANCES: _container_instances,
    Purpose.API_GATEWAY: _api_gateway,
    Purpose.TRAINING: _training,
    Purpose.AKS_NODES: _aks_nodes,
    Purpose.AKS_API_SERVER: _aks_api_server,
    Purpose.AKS_LOAD_BALANCER: _aks_load_balancer,
}


def _closed(
    direction: SecurityRuleDirection, peers: Sequence[_Peer], here: str
) -> list[SecurityRuleArgsDict]:
    return [*_allowed(direction, peers, here), _deny_all(direction)]


def _allowed(
    direction: SecurityRuleDirection, peers: Sequence[_Peer], here: str = _NETWORK
) -> list[SecurityRuleArgsDict]:
    return _rules(direction, [(peer, here) for peer in peers])


def _rules(
    direction: SecurityRuleDirection, peers: Sequence[tuple[_Peer, str]]
) -> list[SecurityRuleArgsDict]:
    """One rule for each peer and this subnet's own end of the connection."""
    rules: list[SecurityRuleArgsDict] = []
    for index, (peer, here) in enumerate(peers):
        rule: SecurityRuleArgsDict = {
            "name": f"allow-{peer.purpose}-{direction.value.lower()}",
            "priority": _FIRST + _STEP * index,
            "direction": direction,
            "access": SecurityRuleAccess.ALLOW,
            "protocol": peer.protocol,
            "source_address_prefix": peer.address if direction is _IN else here,
            "source_port_range": "*",
            "destination_address_prefix": peer.address if direction is _OUT else here,
        }
        # Azure takes one port in one property and several in another.
        if len(peer.ports) == 1:
            rule["destination_port_range"] = peer.ports[0]
        else:
            rule["destination_port_ranges"] = list(peer.ports)
        rules.append(rule)
    return rules


def _deny_all(direction: SecurityRuleDirection) -> SecurityRuleArgsDict:
    return {
        "name": f"deny-all-{direction.value.lower()}",
        "priority": _LAST,
        "direction": direction,
        "access": SecurityRuleAccess.DENY,
        "protocol": SecurityRuleProtocol.ASTERISK,
        "source_address_prefix": "*",
        "source_port_range": "*",
        "destination_address_prefix": "*",
        "destination_port_range": "*",
    }
