"""The workspace: free itself, but its managed network brings private endpoints and a firewall."""

from collections.abc import Iterator, Mapping

from review.cost.case import ANY, Case, Service
from review.cost.lines import Line
from review.cost.models.network import firewall_lines
from review.resources import at, parts

_ISOLATED = frozenset({"AllowInternetOutbound", "AllowOnlyApprovedOutbound"})
_ONLY_APPROVED = "AllowOnlyApprovedOutbound"
_ENDPOINT = "PrivateEndpoint"
_HOST = "FQDN"
_BY_SERVICE = "the service makes more for its own stores"


def workspace(case: Case) -> Iterator[Line]:
    """Rules in the workspace's managed network: each endpoint, and one firewall for all hosts."""
    yield case.free("workspace", "what it uses is billed")
    network = "managedNetwork"
    if case.resource.at(network, "isolationMode") not in _ISOLATED:
        return
    rules = parts(case.resource.inputs, network, "outboundRules")
    endpoints = sum(rule.get("type") == _ENDPOINT for rule in rules)
    if endpoints:
        yield _endpoints(case, endpoints)
    yield case.unpriced("endpoints of the managed network to its own stores", _BY_SERVICE)
    approved = case.resource.at(network, "isolationMode") == _ONLY_APPROVED
    if approved and any(_brings_firewall(rule) for rule in rules):
        tier = str(case.resource.at(network, "firewallSku") or "Standard")
        yield from firewall_lines(case, tier, "host rules bring it")


def rule(case: Case) -> Iterator[Line]:
    """A rule that is a resource of its own."""
    kind = case.resource.at("properties", "type")
    if kind == _ENDPOINT:
        yield _endpoints(case, 1)
    elif kind == _HOST:
        yield case.unpriced("host rule", "a firewall comes with it; its tier is the workspace's")
    else:
        yield case.free("rule of the managed network")


def _endpoints(case: Case, count: int) -> Line:
    label = "private endpoint of the managed network"
    return case.amount(label, "private-endpoint", ANY, low=count)


def _brings_firewall(rule: Mapping[str, object]) -> bool:
    return at(rule, "type") == _HOST


SERVICE = Service(
    "Machine learning",
    {
        "machinelearningservices:Workspace": workspace,
        "machinelearningservices:ManagedNetworkSettingsRule": rule,
    },
)
