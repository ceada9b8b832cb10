"""Azure AI Search and Azure Databricks."""

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict, only_if

SEARCH, DATABRICKS = "search:Service", "databricks:Workspace"
_SEARCH, _DATABRICKS = (
    "https://learn.microsoft.com/azure/search",
    "https://learn.microsoft.com/azure/databricks/security/network",
)
_EVERYONE = ("0.0.0.0/0", "::/0", "*")


@rule(
    "search-public-network-off",
    types=[SEARCH],
    severity=Severity.HIGH,
    requirements=["Q-01"],
    title="A search service is off the public network",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED and add a private endpoint.",
    url=f"{_SEARCH}/service-create-private-endpoint",
)
def search_public_network_off(service: Resource) -> Verdict:
    """An index holds what the documents hold, without the documents' rights."""
    access = service["publicNetworkAccess"].or_default("enabled")
    ranges = service["networkRuleSet.ipRules"].elements()
    return access.must_equal("disabled", "securedByPerimeter", known=["enabled"]) & ranges.all(
        lambda one: one["value"].must_not_equal(*_EVERYONE)
    )


@rule(
    "search-no-keys",
    types=[SEARCH],
    severity=Severity.MEDIUM,
    requirements=["Q-02"],
    title="A search service answers identities only, no keys",
    fix="Pass disable_local_auth=True and grant Search Index Data Reader.",
    url=f"{_SEARCH}/search-security-enable-roles",
)
def search_no_keys(service: Resource) -> Verdict:
    """A key reads every index for whoever has it."""
    return service["disableLocalAuth"].or_default(False).must_equal(True)


@rule(
    "search-identity",
    types=[SEARCH],
    severity=Severity.MEDIUM,
    requirements=["Q-03"],
    title="A search service has an identity",
    fix='Pass identity={"type": IdentityType.SYSTEM_ASSIGNED}.',
    url=f"{_SEARCH}/search-how-to-managed-identities",
)
def search_identity(service: Resource) -> Verdict:
    """Without one, its indexers open their sources with keys."""
    return service["identity.type"].must_be_set() & service["identity.type"].must_not_equal("None")


@rule(
    "databricks-public-network-off",
    types=[DATABRICKS],
    severity=Severity.HIGH,
    requirements=["B-01"],
    title="A Databricks workspace is off the public network",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED and add private endpoints.",
    url=f"{_DATABRICKS}/classic/private-link",
)
def databricks_public_network_off(workspace: Resource) -> Verdict:
    """Its notebooks run code next to the data."""
    access = workspace["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])


@rule(
    "databricks-no-public-addresses",
    types=[DATABRICKS],
    severity=Severity.HIGH,
    requirements=["B-02"],
    title="Databricks' machines have no public addresses",
    fix='Pass parameters={"enable_no_public_ip": {"value": True}}.',
    url=f"{_DATABRICKS}/classic/secure-cluster-connectivity",
)
def databricks_no_public_addresses(workspace: Resource) -> Verdict:
    """Said aloud, for the default differs by the API's version."""
    value = workspace["parameters.enableNoPublicIp.value"]
    return only_if(
        _has_machines(workspace), lambda: value.must_equal(True), "it has no machines of its own"
    )


@rule(
    "databricks-own-network",
    types=[DATABRICKS],
    severity=Severity.MEDIUM,
    requirements=["B-03"],
    title="Databricks' machines stand in a network of their owner's",
    fix='Pass parameters={"custom_virtual_network_id": {"value": network.id}, ...}.',
    url=f"{_DATABRICKS}/classic/vnet-inject",
)
def databricks_own_network(workspace: Resource) -> Verdict:
    """In Databricks' own network nobody can say what leaves it."""
    network = workspace["parameters.customVirtualNetworkId.value"]
    return only_if(
        _has_machines(workspace), network.must_be_linked, "it has no machines of its own"
    )


def _has_machines(workspace: Resource) -> Verdict:
    return workspace["computeMode"].or_default("Hybrid").must_not_equal("Serverless")
