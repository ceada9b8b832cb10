"""Container registries."""

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.verdict import Verdict
from policies.rules.general import in_locations

REGISTRY = "containerregistry:Registry"
_DOCS = "https://learn.microsoft.com/azure/container-registry"


@rule(
    "registry-no-admin-user",
    types=[REGISTRY],
    severity=Severity.CRITICAL,
    requirements=["R-01"],
    title="A registry has no admin user",
    fix="Pass admin_user_enabled=False and grant AcrPull or AcrPush.",
    url=f"{_DOCS}/container-registry-authentication#admin-account",
)
def no_admin_user(registry: Resource) -> Verdict:
    """One shared password could replace every image."""
    return registry["adminUserEnabled"].or_default(False).must_equal(False)


@rule(
    "registry-no-anonymous-pull",
    types=[REGISTRY],
    severity=Severity.HIGH,
    requirements=["R-02"],
    title="A registry gives no image to strangers",
    fix="Pass anonymous_pull_enabled=False.",
    url=f"{_DOCS}/anonymous-pull-access",
)
def no_anonymous_pull(registry: Resource) -> Verdict:
    """Images hold code, and sometimes more than their author knows."""
    return registry["anonymousPullEnabled"].or_default(False).must_equal(False)


@rule(
    "registry-public-network-off",
    types=[REGISTRY],
    severity=Severity.HIGH,
    requirements=["R-03"],
    title="A registry is off the public network",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED, sku Premium, "
    "and add a private endpoint.",
    url=f"{_DOCS}/container-registry-private-link",
)
def public_network_off(registry: Resource) -> Verdict:
    """What only private endpoints reach cannot be tried from elsewhere."""
    access = registry["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])


@rule(
    "registry-network-denied-by-default",
    types=[REGISTRY],
    severity=Severity.HIGH,
    requirements=["R-04"],
    title="A registry answers to named networks only",
    fix='Pass network_rule_set={"default_action": DefaultAction.DENY}, '
    "or public_network_access=PublicNetworkAccess.DISABLED.",
    url=f"{_DOCS}/container-registry-access-selected-networks",
)
def network_denied_by_default(registry: Resource) -> Verdict:
    """Without rules the whole internet may knock; off the public network, rules do not matter."""
    action = registry["networkRuleSet.defaultAction"].or_default("Allow")
    off = registry["publicNetworkAccess"].or_default("Enabled")
    return action.must_equal("Deny", known=["Allow"]) | off.must_equal(
        "Disabled", known=["Enabled"]
    )


@rule(
    "registry-sku",
    types=[REGISTRY],
    severity=Severity.MEDIUM,
    requirements=["R-06"],
    title="A registry is of a kind that can be closed",
    fix='Pass sku={"name": SkuName.PREMIUM}.',
    url=f"{_DOCS}/container-registry-skus",
    parameters={"allowed": texts("Kinds of registries that are good enough.", "Premium")},
)
def sku(registry: Resource) -> Verdict:
    """Private endpoints, rules and own keys are for Premium alone."""
    allowed = registry.settings.texts("allowed")
    return registry["sku.name"].must_equal(*allowed, known=["Basic", "Standard", "Premium"])


@rule(
    "registry-no-export",
    types=[REGISTRY],
    severity=Severity.MEDIUM,
    requirements=["R-08"],
    title="Nobody copies a registry's images out",
    fix='Pass policies={"export_policy": {"status": ExportPolicyStatus.DISABLED}} and '
    "public_network_access=PublicNetworkAccess.DISABLED.",
    url=f"{_DOCS}/data-loss-prevention",
)
def no_export(registry: Resource) -> Verdict:
    """An export goes through Azure's API, past the private endpoint."""
    status = registry["policies.exportPolicy.status"].or_default("enabled")
    off = registry["publicNetworkAccess"].or_default("Enabled")
    return status.must_equal("disabled", known=["enabled"]) & off.must_equal(
        "Disabled", known=["Enabled"]
    )


@rule(
    "registry-no-tokens",
    types=["containerregistry:Token"],
    severity=Severity.MEDIUM,
    requirements=["R-17"],
    title="A registry has no tokens of its own in use",
    fix="Grant a role with a condition on the repository, or pass status=TokenStatus.DISABLED.",
    url=f"{_DOCS}/container-registry-repository-scoped-permissions",
)
def no_tokens(token: Resource) -> Verdict:
    """Its passwords are of no directory, and outlive whoever made them."""
    status = token["status"].or_default("enabled")
    return status.must_equal("disabled", known=["enabled"])


@rule(
    "registry-replica-location",
    types=["containerregistry:Replication"],
    severity=Severity.MEDIUM,
    requirements=["R-20"],
    title="A registry's copies stay where data may be",
    fix="Choose another location, or add it to the rule's parameter.",
    url=f"{_DOCS}/container-registry-geo-replication",
    parameters={"locations": texts("Locations that are allowed; none means any.")},
)
def replica_location(replication: Resource) -> Verdict:
    """An image holds code and sometimes data, whose place a law or a contract names."""
    return in_locations(replication)


@rule(
    "registry-webhook-https",
    types=["containerregistry:Webhook"],
    severity=Severity.MEDIUM,
    requirements=["R-22"],
    title="A registry calls its hooks over https",
    fix="Pass a service_uri that begins with https://.",
    url=f"{_DOCS}/container-registry-webhook",
)
def webhook_https(webhook: Resource) -> Verdict:
    """Its headers often hold what opens the other side."""
    return webhook["serviceUri"].must(
        lambda value: isinstance(value, str) and value.strip().casefold().startswith("https://"),
        wanted="an address with https://",
    )
