"""Front Door and the firewall for web traffic before it."""

from policies.engine.levels import Severity
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.verdict import Evidence, Verdict, any_of, only_if

POLICY, ENDPOINT, PROTECTION = "frontdoor:Policy", "cdn:AFDEndpoint", "cdn:SecurityPolicy"
_DOCS = "https://learn.microsoft.com/azure"


@rule(
    "front-door-firewall-blocks",
    types=[POLICY],
    severity=Severity.HIGH,
    requirements=["U-39"],
    title="Front Door's firewall blocks what it finds",
    fix='Pass policy_settings={"enabled_state": PolicyEnabledState.ENABLED, '
    '"mode": PolicyMode.PREVENTION}.',
    url=f"{_DOCS}/web-application-firewall/afds/waf-front-door-policy-settings",
)
def firewall_blocks(policy: Resource) -> Verdict:
    """In the mode Detection it writes down what it let through."""
    on = policy["policySettings.enabledState"].or_default("Enabled")
    mode = policy["policySettings.mode"]
    return on.must_equal("Enabled", known=["Disabled"]) & mode.must_equal(
        "Prevention", known=["Detection"]
    )


@graph_rule(
    "front-door-behind-firewall",
    types=[ENDPOINT],
    severity=Severity.HIGH,
    requirements=["U-39"],
    title="An endpoint of Front Door stands behind its firewall",
    fix="Add a cdn.SecurityPolicy whose associations name the endpoint and a firewall policy.",
    url=f"{_DOCS}/frontdoor/standard-premium/how-to-configure-endpoint-manager",
)
def behind_firewall(endpoint: Node) -> Verdict:
    """A firewall that is not before the endpoint looks at nothing."""
    name = (endpoint["endpointName"].text or "").casefold()
    by_id = endpoint.graph.cached(_protected).get(name, [])
    by_edge = [
        one
        for one in endpoint.used_by(PROTECTION)
        if endpoint.facts.urn in one.needs.get("parameters", ())
    ]
    wanted = Evidence("security policy", "missing", "one that names this endpoint")
    found = (one["parameters.wafPolicy.id"].must_be_linked() for one in (*by_id, *by_edge))
    on = endpoint["enabledState"].or_default("Enabled").must_equal("Enabled", known=["Disabled"])
    return only_if(on, lambda: any_of(found, otherwise=wanted), "the endpoint is off")


def _protected(graph: Graph) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for policy in graph.of(PROTECTION):
        for association in policy["parameters.associations"].elements():
            for domain in association["domains"].elements():
                name = (domain["id"].text or "").casefold().rstrip("/").rpartition("/")[2]
                found.setdefault(name, []).append(policy)
    return found
