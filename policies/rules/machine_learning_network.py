"""How Azure Machine Learning is closed off: computes, ways out, and the stores it stands on."""

from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.props import NOT_KNOWN, Props
from policies.engine.resource import Graph, Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import texts
from policies.engine.values import Value
from policies.engine.verdict import (
    PASSED,
    UNDECIDED,
    Evidence,
    Verdict,
    all_of,
    only_if,
)
from policies.rules.machine_learning_compute import CLUSTER, COMPUTE, INSTANCE
from policies.rules.targets import named

WORKSPACE = "machinelearningservices:Workspace"
OUTBOUND = "machinelearningservices:ManagedNetworkSettingsRule"
_DOCS = "https://learn.microsoft.com/azure/machine-learning"
_OFF = {
    "storageAccount": ("publicNetworkAccess",),
    "keyVault": ("properties.publicNetworkAccess",),
    "containerRegistry": ("publicNetworkAccess",),
    "applicationInsights": ("publicNetworkAccessForIngestion", "publicNetworkAccessForQuery"),
}


@graph_rule(
    "ml-compute-in-network",
    types=[COMPUTE],
    severity=Severity.CRITICAL,
    requirements=["MC-02"],
    title="A compute stands in a network of its owner's, or in the workspace's managed one",
    fix='Give the workspace a managed network, or pass "subnet": {"id": subnet.id} in '
    "properties of properties.",
    url=f"{_DOCS}/how-to-secure-training-vnet",
)
def compute_in_network(compute: Node) -> Verdict:
    """Elsewhere it has a public address, and reaches whatever its code wants to reach."""
    kind = compute["properties.computeType"].must_equal(CLUSTER, INSTANCE)
    subnet = compute["properties.properties.subnet.id"].must_be_linked()
    return only_if(
        kind,
        lambda: (subnet | managed_network_of(compute)).because(*subnet.evidence),
        "another kind of compute",
    )


def managed_network_of(node: Node) -> Verdict:
    """Whether the workspace of a resource has a managed network; unknown where it is elsewhere."""
    found = [one for one in node.sources("workspaceName") if one.kind.is_one_of((WORKSPACE,))]
    if not found and (name := node["workspaceName"].text):
        found = node.graph.cached(_workspaces).get(name.casefold(), [])
    if not found:
        elsewhere = Evidence("workspaceName", NOT_KNOWN, "a workspace with a managed network")
        return Verdict(UNDECIDED, (elsewhere,))
    modes = (one["managedNetwork.isolationMode"].or_default("Disabled") for one in found)
    return all_of(
        mode.must_equal("AllowOnlyApprovedOutbound", "AllowInternetOutbound", known=["Disabled"])
        for mode in modes
    )


def _workspaces(graph: Graph) -> dict[str, list[Node]]:
    found: dict[str, list[Node]] = {}
    for one in graph.of(WORKSPACE):
        if name := one["workspaceName"].text or one["name"].text:
            found.setdefault(name.casefold(), []).append(one)
    return found


@graph_rule(
    "ml-workspace-sensitive-storage-private",
    types=[WORKSPACE],
    severity=Severity.HIGH,
    requirements=["ML-09"],
    title="A workspace for sensitive data has a private storage account",
    fix="Pass public_network_access=PublicNetworkAccess.DISABLED to the workspace's account.",
    url=f"{_DOCS}/concept-data-encryption",
)
def sensitive_storage_private(workspace: Node) -> Verdict:
    """The workspace hides its data from Azure's staff; an open account shows it to everyone."""
    sensitive = workspace["hbiWorkspace"].or_default(False).must_equal(True)
    return only_if(
        sensitive, lambda: _private(workspace, "storageAccount"), "its data is not sensitive"
    )


@graph_rule(
    "ml-workspace-stores-private",
    types=[WORKSPACE],
    severity=Severity.HIGH,
    requirements=["U-19"],
    title="What a private workspace stands on is private, too",
    fix="Switch public network access off for the storage account, vault, registry and "
    "Application Insights that the workspace names.",
    url=f"{_DOCS}/how-to-secure-workspace-vnet",
)
def stores_private(workspace: Node) -> Verdict:
    """Whoever cannot come in through the workspace would take its data from the account."""
    private = workspace["publicNetworkAccess"].or_default("Enabled").must_equal("Disabled")
    return only_if(
        private,
        lambda: all_of(_private(workspace, key) for key in _OFF),
        "the workspace is not private",
    )


def _private(workspace: Node, key: str) -> Verdict:
    """Whether the stores of this stack that `key` names are private; others cannot be seen."""
    stores = [one for one in named(workspace, key) if one.kind.name.casefold() in _STORES[key]]
    verdicts = [
        (one[switch].or_default("Enabled").must_equal("Disabled", "SecuredByPerimeter"), switch)
        for one in stores
        for switch in _OFF[key]
    ]
    return all_of(
        verdict.because(Evidence(f"{key}'s {switch}", *_told(verdict)))
        for verdict, switch in verdicts
    )


_STORES = {
    "storageAccount": {"storage:storageaccount"},
    "keyVault": {"keyvault:vault"},
    "containerRegistry": {"containerregistry:registry"},
    "applicationInsights": {"applicationinsights:component", "insights:component"},
}


def _told(verdict: Verdict) -> tuple[str, str]:
    first = next(iter(verdict.evidence), Evidence("", "", ""))
    return first.found, first.wanted


@rule(
    "ml-outbound-names-hosts",
    types=[OUTBOUND, WORKSPACE],
    severity=Severity.MEDIUM,
    requirements=["U-20"],
    title="A managed network lets traffic out to named hosts only",
    fix='Pass a whole name as "destination", or name the wildcard in the rule\'s parameter.',
    url=f"{_DOCS}/how-to-managed-network",
    parameters={"wildcards": texts("Names with wildcards that are good enough.")},
)
def outbound_names_hosts(resource: Resource) -> Verdict:
    """A wildcard over a name that anyone can get a host under lets everything out."""
    allowed = {one.casefold() for one in resource.settings.texts("wildcards")}

    def check(entry: Props) -> Verdict:
        host = entry["destination"].must(
            lambda value: not _is_wild(value, allowed), wanted="a name without *"
        )
        return only_if(entry["type"].must_equal("FQDN"), lambda: host, "another kind of rule")

    if resource.kind.is_one_of((OUTBOUND,)):
        return check(resource["properties"])
    return _each(resource["managedNetwork.outboundRules"], check)


def _each(rules: Props, check: Callable[[Props], Verdict]) -> Verdict:
    if not rules.given:
        return PASSED
    seen = rules.must(lambda _: True, wanted="outbound rules")
    found = [check(rules[name]) for name in rules.keys()]  # noqa: SIM118 - Props is no mapping
    return seen & all_of(one for one in found if one.evidence or one == PASSED)


def _is_wild(value: Value, allowed: set[str]) -> bool:
    return isinstance(value, str) and "*" in value and value.strip().casefold() not in allowed


@rule(
    "ml-registry-public-network-off",
    types=["machinelearningservices:Registry"],
    severity=Severity.HIGH,
    requirements=["ML-11"],
    title="A registry of models is off the public network",
    fix='Pass public_network_access="Disabled" and add a private endpoint.',
    url=f"{_DOCS}/how-to-registry-network-isolation",
)
def registry_public_network_off(registry: Resource) -> Verdict:
    """What all workspaces trust is changed in one place."""
    access = registry["publicNetworkAccess"].or_default("Enabled")
    return access.must_equal("Disabled", known=["Enabled"])


@rule(
    "ml-registry-stores",
    types=["machinelearningservices:Registry"],
    severity=Severity.MEDIUM,
    requirements=["U-22"],
    title="The stores that Azure makes for a registry of models are closed",
    fix='Pass "allow_blob_public_access": False and "acr_account_sku": "Premium" in '
    "region_details.",
    url=f"{_DOCS}/how-to-manage-registries",
)
def registry_stores(registry: Resource) -> Verdict:
    """Only a Premium container registry can have a private endpoint."""

    def blobs(detail: Props) -> Verdict:
        public = detail["systemCreatedStorageAccount.allowBlobPublicAccess"]
        return public.or_default(False).must_equal(False)

    def images(detail: Props) -> Verdict:
        sku = detail["systemCreatedAcrAccount.acrAccountSku"]
        return sku.or_default("Premium").must_equal("Premium", known=["Basic", "Standard"])

    return (
        registry["regionDetails"]
        .elements()
        .all(
            lambda region: (
                region["storageAccountDetails"].elements().all(blobs)
                & region["acrDetails"].elements().all(images)
            )
        )
    )


@rule(
    "ml-datastore-no-credentials",
    types=["machinelearningservices:Datastore"],
    severity=Severity.HIGH,
    requirements=["U-38"],
    title="A datastore is opened as who asks, without credentials of its own",
    fix='Pass "credentials": {"credentials_type": CredentialsType.NONE} in properties.',
    url=f"{_DOCS}/how-to-datastore",
)
def datastore_no_credentials(datastore: Resource) -> Verdict:
    """Credentials in a datastore are anyone's who may use the workspace."""
    kind = datastore["properties.credentials.credentialsType"].or_default("None")
    known = ["AccountKey", "Certificate", "Sas", "ServicePrincipal"]
    return kind.must_equal("None", known=known)


@rule(
    "ml-connection-no-secrets",
    types=["machinelearningservices:WorkspaceConnection"],
    severity=Severity.HIGH,
    requirements=["U-21"],
    title="A workspace's connection is opened as an identity",
    fix='Pass "auth_type": "ManagedIdentity" or "AAD" in properties.',
    url=f"{_DOCS}/how-to-connection",
    parameters={
        "refused": texts(
            "Kinds of login that are not good enough.",
            "AccessKey",
            "AccountKey",
            "PAT",
            "SAS",
            "UsernamePassword",
        )
    },
)
def connection_no_secrets(connection: Resource) -> Verdict:
    """Whoever may use the workspace may read what opens the connection."""
    kind = connection["properties.authType"]
    return kind.must_not_equal(*connection.settings.texts("refused"))
