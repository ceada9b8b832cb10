"""The security rules of each subnet; what no rule allows is denied."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi_azure_native.network import SecurityRuleAccess, SecurityRuleArgsDict

from infra.addresses import Purpose
from infra.components.security_rule_parts import (
    ANY,
    HTTPS,
    IN,
    NETWORK,
    OUT,
    UDP,
    Peer,
    allowed,
    closed,
    deny_all,
    deny_logins,
    rules_of,
)

_INTERNET, _BALANCER = "Internet", "AzureLoadBalancer"
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


def rules_for(purpose: Purpose, place: Place) -> list[SecurityRuleArgsDict] | None:
    """Return the rules of a subnet in the order of their priorities.

    None for the subnets that Azure looks after itself and that take no security group:
    https://learn.microsoft.com/azure/vpn-gateway/vpn-gateway-about-vpn-gateway-settings#gwsub
    https://learn.microsoft.com/azure/firewall/firewall-faq
    """
    make = _RULES.get(purpose)
    if make is None:
        return None
    rules = make(place)
    # Who takes one machine over must not log in to the next; bastion hosts log in by trade.
    out = [rule["access"] for rule in rules if rule["direction"] is OUT]
    talks = not out or SecurityRuleAccess.ALLOW in out
    return [deny_logins(), *rules] if talks and purpose is not Purpose.BASTION else rules


def _private_endpoints(place: Place) -> list[SecurityRuleArgsDict]:
    # Endpoints answer; they never open a connection.
    clients = [Peer("clients", NETWORK)]
    if place.vpn_clients:
        clients.append(Peer("vpn", str(place.vpn_clients)))
    if Purpose.TRAINING in place.subnets:
        # Nodes mount the workspace's file share.
        clients.append(Peer("files", str(place.subnets[Purpose.TRAINING]), ("445",)))
    return [*allowed(IN, clients), deny_all(IN), deny_all(OUT)]


def _access(_: Place) -> list[SecurityRuleArgsDict]:
    out = [
        Peer("platform", NETWORK),
        Peer("sign-in", "AzureActiveDirectory"),
        Peer("management", "AzureResourceManager"),
        # The studio's own pages come from there.
        Peer("studio", "AzureFrontDoor.Frontend"),
    ]
    return [deny_all(IN), *allowed(OUT, out), deny_all(OUT)]


def _training(place: Place) -> list[SecurityRuleArgsDict]:
    """What Azure documents for compute without public addresses in a network of one's own.

    https://learn.microsoft.com/azure/machine-learning/how-to-access-azureml-behind-firewall
    """
    # A route to 0.0.0.0/0 makes the tag VirtualNetwork mean everything, so ranges stand here.
    nodes, platform = str(place.subnets[Purpose.TRAINING]), str(place.space)
    out = [
        Peer("nodes", nodes, _ALL_PORTS, ANY),
        Peer("platform", platform, ("443", "445")),
        Peer("sign-in", "AzureActiveDirectory", _WEB),
        Peer("machine-learning", "AzureMachineLearning", ("443", "8787", "18881")),
        Peer("machine-learning-udp", "AzureMachineLearning", ("5831",), UDP),
        Peer("batch", f"BatchNodeManagement.{place.region}", HTTPS, ANY),
        Peer("management", "AzureResourceManager"),
        # The service endpoint's policy says which accounts: the service's own.
        Peer("storage", f"Storage.{place.region}", ("443", "445")),
        Peer("studio", "AzureFrontDoor.Frontend"),
        Peer("images-edge", "AzureFrontDoor.FirstParty"),
        Peer("images", "MicrosoftContainerRegistry"),
        Peer("monitor", "AzureMonitor"),
        # Packages: by the NAT gateway, or as far as the firewall lets them.
        Peer("internet", _INTERNET, _WEB),
    ]
    if place.high_business_impact:
        out.append(Peer("batch-keys", f"AzureKeyVault.{place.region}"))
    # Distributed training: the nodes of a job talk to each other. Nobody else talks to them: nodes
    # without public addresses call the service, never the other way round.
    within = [Peer("nodes", nodes, _ALL_PORTS, ANY)]
    return [*allowed(IN, within, nodes), deny_all(IN), *closed(OUT, out, nodes)]


def _runners(place: Place) -> list[SecurityRuleArgsDict]:
    own = str(place.subnets[Purpose.RUNNERS])
    out = [
        Peer("platform", str(place.space)),
        Peer("sign-in", "AzureActiveDirectory"),
        Peer("management", "AzureResourceManager"),
        Peer("internet", _INTERNET),
    ]
    return [deny_all(IN), *closed(OUT, out, own)]


def _jump_host(place: Place) -> list[SecurityRuleArgsDict]:
    own, bastion = (str(place.subnets[p]) for p in (Purpose.JUMP_HOST, Purpose.BASTION))
    out = [Peer("platform", str(place.space)), Peer("internet", _INTERNET, _WEB)]
    return [*closed(IN, [Peer("bastion", bastion, ("22",))], own), *closed(OUT, out, own)]


def _bastion(place: Place) -> list[SecurityRuleArgsDict]:
    """Everything here is what Azure asks for: without one of these the host is refused.

    https://learn.microsoft.com/azure/bastion/bastion-nsg
    """
    between_hosts = Peer("hosts", NETWORK, ("8080", "5701"), ANY)
    return [
        *rules_of(
            IN,
            [
                *(
                    # People arrive here, and sign in with Entra before they get any further.
                    (Peer(f"people-{index}", str(clients)), "*")
                    for index, clients in enumerate(place.bastion_clients)
                ),
                (Peer("control", "GatewayManager"), "*"),
                (Peer("probes", _BALANCER), "*"),
                (between_hosts, NETWORK),
            ],
        ),
        deny_all(IN),
        *rules_of(
            OUT,
            [
                (Peer("machines", NETWORK, ("22", "3389"), ANY), "*"),
                (Peer("azure", "AzureCloud"), "*"),
                (between_hosts, NETWORK),
                (Peer("sessions", _INTERNET, ("80",), ANY), "*"),
            ],
        ),
        deny_all(OUT),
    ]


def _dns_inbound(place: Place) -> list[SecurityRuleArgsDict]:
    own = str(place.subnets[Purpose.DNS_INBOUND])
    clients = [Peer("network", NETWORK, ("53",), ANY)]
    if place.vpn_clients:
        clients.append(Peer("vpn", str(place.vpn_clients), ("53",), ANY))
    return [*closed(IN, clients, own), deny_all(OUT)]


def _container_instances(place: Place) -> list[SecurityRuleArgsDict]:
    own, platform = str(place.subnets[Purpose.CONTAINER_INSTANCES]), str(place.space)
    out = [Peer("platform", platform), Peer("internet", _INTERNET)]
    # Containers listen where their image says.
    return [
        *closed(IN, [Peer("tests", platform, _ALL_PORTS)], own),
        *closed(OUT, out, own),
    ]


def _api_gateway(place: Place) -> list[SecurityRuleArgsDict]:
    # It calls endpoints from here; nobody calls it here.
    # https://learn.microsoft.com/azure/api-management/integrate-vnet-outbound
    own = str(place.subnets[Purpose.API_GATEWAY])
    out = [
        Peer("platform", str(place.space)),
        Peer("sign-in", "AzureActiveDirectory"),  # the keys that callers' tokens are signed with
        Peer("storage", f"Storage.{place.region}"),
    ]
    return [deny_all(IN), *closed(OUT, out, own)]


def _aks_nodes(place: Place) -> list[SecurityRuleArgsDict]:
    """Nodes and pods talk to each other with their own addresses.

    https://learn.microsoft.com/azure/aks/concepts-network-azure-cni-overlay
    """
    within = [Peer("network", str(place.space), _ALL_PORTS, ANY)]
    if place.pods:
        within.append(Peer("pods", str(place.pods), _ALL_PORTS, ANY))
    out = [
        *within,
        # What nodes, add-ons and extensions call is Azure's; what pods of one's own call besides
        # is a rule of one's own. Nodes take the time from their host.
        # https://learn.microsoft.com/azure/aks/outbound-rules-control-egress
        Peer("sign-in", "AzureActiveDirectory"),
        Peer("azure", "AzureCloud"),
        Peer("images", "MicrosoftContainerRegistry"),
        Peer("images-edge", "AzureFrontDoor.FirstParty"),
        Peer("packages", "AzureFrontDoor.Frontend"),
    ]
    probes = Peer("probes", _BALANCER, _ALL_PORTS, ANY)
    # Pods are at both ends, so the other end stays open here.
    return [*closed(IN, [*within, probes], "*"), *closed(OUT, out, "*")]


def _aks_api_server(place: Place) -> list[SecurityRuleArgsDict]:
    """What Azure asks for; it documents nothing of the way out, which stays as Azure has it.

    https://learn.microsoft.com/azure/aks/api-server-vnet-integration
    """
    clients = [
        Peer("clients", NETWORK, ("443", "4443")),
        Peer("probes", _BALANCER, ("9988",)),
    ]
    if place.vpn_clients:
        clients.append(Peer("vpn", str(place.vpn_clients)))
    return closed(IN, clients, str(place.subnets[Purpose.AKS_API_SERVER]))


def _aks_load_balancer(place: Place) -> list[SecurityRuleArgsDict]:
    clients = [Peer("clients", NETWORK), Peer("probes", _BALANCER, _ALL_PORTS, ANY)]
    own = str(place.subnets[Purpose.AKS_LOAD_BALANCER])
    return [*closed(IN, clients, own), deny_all(OUT)]


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
