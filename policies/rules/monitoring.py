"""Where logs are kept, and who is told: workspaces, Application Insights and alerts."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.engine.levels import ADVICE, Severity
from policies.engine.props import Props
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import texts
from policies.engine.verdict import Evidence, Verdict, any_of, not_applicable, only_if
from policies.rules.general import in_locations
from policies.rules.targets import is_first

# The second name is that of earlier releases of the provider.
COMPONENT = ("applicationinsights:Component", "insights:Component")
LOGS = "operationalinsights:Workspace"
ALERT = ("monitor:ActivityLogAlert", "insights:ActivityLogAlert")
_DOCS = "https://learn.microsoft.com/azure/azure-monitor"


@rule(
    "app-insights-workspace",
    types=COMPONENT,
    severity=Severity.MEDIUM,
    requirements=["M-01"],
    title="Application Insights keeps its data in a workspace",
    fix="Pass workspace_resource_id=workspace.id.",
    url=f"{_DOCS}/app/create-workspace-resource",
)
def in_a_workspace(component: Resource) -> Verdict:
    """There it has the roles, the keys and the time of all other logs; the old kind is retired."""
    return component["workspaceResourceId"].must_be_linked()


@rule(
    "app-insights-no-keys",
    types=COMPONENT,
    severity=Severity.CRITICAL,
    requirements=["M-02"],
    title="Application Insights takes telemetry from identities only",
    fix="Pass disable_local_auth=True and grant Monitoring Metrics Publisher.",
    url=f"{_DOCS}/app/azure-ad-authentication",
)
def no_keys(component: Resource) -> Verdict:
    """The connection string is in every client: whoever has it may write what alerts look at."""
    return component["disableLocalAuth"].or_default(False).must_equal(True)


@rule(
    "app-insights-public-network-off",
    types=COMPONENT,
    severity=Severity.MEDIUM,
    requirements=["M-03"],
    title="Application Insights is off the public network",
    fix="Pass public_network_access_for_ingestion and public_network_access_for_query as "
    "PublicNetworkAccessType.DISABLED, and add it to a private link scope.",
    url=f"{_DOCS}/logs/private-link-security",
)
def component_public_network_off(component: Resource) -> Verdict:
    """Telemetry tells how a system is built, and holds more than its authors know."""
    return _off_the_public_network(component)


@rule(
    "log-analytics-no-keys",
    types=[LOGS],
    severity=Severity.MEDIUM,
    requirements=["M-04"],
    title="A workspace takes logs from identities only",
    fix='Pass features={"disable_local_auth": True}.',
    url=f"{_DOCS}/logs/manage-access",
)
def logs_no_keys(workspace: Resource) -> Verdict:
    """With its key anyone can write lines that never happened."""
    return workspace["features.disableLocalAuth"].or_default(False).must_equal(True)


@rule(
    "log-analytics-public-network-off",
    types=[LOGS],
    severity=Severity.MEDIUM,
    requirements=["M-05"],
    title="A workspace's logs are off the public network",
    fix="Pass public_network_access_for_ingestion and public_network_access_for_query as "
    "PublicNetworkAccessType.DISABLED, and add it to a private link scope.",
    url=f"{_DOCS}/logs/private-link-security",
)
def logs_public_network_off(workspace: Resource) -> Verdict:
    """Logs say who does what, when and from where."""
    return _off_the_public_network(workspace)


@rule(
    "log-analytics-replica-location",
    types=[LOGS],
    severity=Severity.MEDIUM,
    requirements=["M-07"],
    title="A workspace's copy of the logs stays where data may be",
    fix="Choose another location in replication, or add it to the rule's parameter.",
    url=f"{_DOCS}/logs/workspace-replication",
    parameters={"locations": texts("Locations that are allowed; none means any.")},
)
def logs_replica_location(workspace: Resource) -> Verdict:
    """Logs name people, whose data a law or a contract keeps in one place."""
    # The provider's default API version has no copies; later ones do.
    copied = workspace["replication.enabled"].or_default(False).must_equal(True)
    return only_if(
        copied,
        lambda: in_locations(workspace, path="replication.location"),
        "the logs are not copied",
    )


def _off_the_public_network(resource: Resource) -> Verdict:
    known = ("Enabled",)
    write = resource["publicNetworkAccessForIngestion"].or_default("Enabled")
    read = resource["publicNetworkAccessForQuery"].or_default("Enabled")
    return write.must_equal("Disabled", "SecuredByPerimeter", known=known) & read.must_equal(
        "Disabled", "SecuredByPerimeter", known=known
    )


@dataclass(frozen=True)
class _Watched:
    """A change that somebody is told of, where the stack has what can be changed."""

    anchor: str
    resource_type: str
    operations: tuple[str, ...]


_POLICY = "Microsoft.Authorization/policyAssignments"
_GROUP = "Microsoft.Network/networkSecurityGroups"
_ADDRESS = "Microsoft.Network/publicIPAddresses"
_SQL = "Microsoft.Sql/servers/firewallRules"
_SECURITY = "Microsoft.Security/securitySolutions"
_WATCHED = (
    _Watched("authorization:PolicyAssignment", _POLICY, (f"{_POLICY}/write", f"{_POLICY}/delete")),
    _Watched("network:NetworkSecurityGroup", _GROUP, (f"{_GROUP}/write", f"{_GROUP}/delete")),
    _Watched("network:PublicIPAddress", _ADDRESS, (f"{_ADDRESS}/write", f"{_ADDRESS}/delete")),
    _Watched("sql:FirewallRule", _SQL, (f"{_SQL}/write", f"{_SQL}/delete")),
    _Watched("security:Pricing", _SECURITY, (f"{_SECURITY}/write", f"{_SECURITY}/delete")),
)


@graph_rule(
    "activity-alerts-on-changes",
    types=[one.anchor for one in _WATCHED],
    severity=Severity.MEDIUM,
    # The alerts of a subscription are often looked after in another stack.
    levels=ADVICE,
    requirements=["M-11"],
    title="Somebody is told when the guards of a subscription are changed",
    fix="Add a monitor.ActivityLogAlert with category Administrative and the operation name.",
    url=f"{_DOCS}/alerts/alerts-types#activity-log-alerts",
)
def alerts_on_changes(node: Node) -> Verdict:
    """Who opens a door for himself does it where nobody looks."""
    watched = next(one for one in _WATCHED if node.kind.is_one_of((one.anchor,)))
    if not is_first(node):
        return not_applicable("asked once for all resources of the type")
    wanted = Evidence("activity log alert", "missing", " and ".join(watched.operations))
    verdict = _alert(node.graph, "resourceType", watched.resource_type)
    whole = _alert(node.graph, "operationName", watched.operations[0])
    for operation in watched.operations[1:]:
        whole &= _alert(node.graph, "operationName", operation)
    return (verdict | whole).because(wanted)


@graph_rule(
    "activity-alert-service-health",
    types=["resources:ResourceGroup"],
    severity=Severity.MEDIUM,
    levels=ADVICE,
    requirements=["M-11"],
    title="Somebody is told when Azure itself has a problem",
    fix="Add a monitor.ActivityLogAlert on the subscription with category ServiceHealth.",
    url="https://learn.microsoft.com/azure/service-health/alerts-activity-log-service-notifications-portal",
    parameters={
        "categories": texts("Categories of the activity log that tell it.", "ServiceHealth")
    },
)
def service_health(group: Node) -> Verdict:
    """A retirement or an outage is announced there, and nowhere else."""
    if not is_first(group):
        return not_applicable("asked once for all resource groups")
    categories = group.settings.texts("categories")
    verdict = _alert(group.graph, "category", *categories)
    return verdict.because(Evidence("activity log alert", "missing", " or ".join(categories)))


def _alert(graph: Graph, field: str, *values: str) -> Verdict:
    """Whether an enabled alert asks for this value of this field."""
    missing = Evidence("activity log alert", "missing", " or ".join(values))

    def asks(leaf: Props) -> Verdict:
        named = leaf["field"].must_equal(field)
        single = leaf["equals"].must_equal(*values)
        many = leaf["containsAny"].elements().any(lambda one: one.must_equal(*values), "a value")
        return named & (single | many)

    def whole(alert: Node) -> Verdict:
        on = alert["enabled"].or_default(True).must_equal(True)
        return on & any_of((asks(leaf) for leaf in _leaves(alert)), otherwise=missing)

    return any_of((whole(alert) for alert in graph.of(*ALERT)), otherwise=missing)


def _leaves(alert: Node) -> Iterator[Props]:
    for leaf in alert["condition.allOf"].elements():
        yield leaf
        yield from leaf["anyOf"].elements()
