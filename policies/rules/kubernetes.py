"""Kubernetes clusters: who gets in, and by which way."""

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict

CLUSTER = "containerservice:ManagedCluster"
_DOCS = "https://learn.microsoft.com/azure/aks"
_EVERYONE = ("*", "0.0.0.0/0", "::/0", "0.0.0.0/1", "128.0.0.0/1")


def of_kind(cluster: Resource, usual: bool | str, automatic: bool | str) -> bool | str:
    """The default of a setting: the sku Automatic comes with more switched on."""
    named = (cluster["sku.name"].text or "").strip().casefold() == "automatic"
    return automatic if named else usual


@rule(
    "aks-roles",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-01"],
    title="A cluster asks for rights inside, too",
    fix="Pass enable_rbac=True; it cannot be switched on later.",
    url=f"{_DOCS}/concepts-identity",
)
def roles(cluster: Resource) -> Verdict:
    """Without it, whoever reaches the API may do everything."""
    default = of_kind(cluster, usual=False, automatic=True)
    return cluster["enableRBAC"].or_default(default).must_equal(True)


@rule(
    "aks-directory-login",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-02"],
    title="People log in to a cluster with the directory",
    fix='Pass aad_profile={"managed": True, "enable_azure_rbac": True}.',
    url=f"{_DOCS}/enable-authentication-microsoft-entra-id",
)
def directory_login(cluster: Resource) -> Verdict:
    """A certificate in a file outlives the person it was made for."""
    default = of_kind(cluster, usual=False, automatic=True)
    return cluster["aadProfile.managed"].or_default(default).must_equal(True)


@rule(
    "aks-azure-roles",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-03"],
    title="Azure's role assignments say who may do what in a cluster",
    fix='Pass aad_profile={"managed": True, "enable_azure_rbac": True}.',
    url=f"{_DOCS}/manage-azure-rbac",
)
def azure_roles(cluster: Resource) -> Verdict:
    """One place to see, review and take away rights, instead of one a cluster."""
    default = of_kind(cluster, usual=False, automatic=True)
    return cluster["aadProfile.enableAzureRBAC"].or_default(default).must_equal(True)


@rule(
    "aks-no-local-accounts",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-04"],
    title="A cluster has no local accounts",
    fix="Pass disable_local_accounts=True.",
    url=f"{_DOCS}/manage-local-accounts-managed-azure-ad",
)
def no_local_accounts(cluster: Resource) -> Verdict:
    """The local admin is root for whoever may read it, and no log names a person."""
    default = of_kind(cluster, usual=False, automatic=True)
    return cluster["disableLocalAccounts"].or_default(default).must_equal(True)


@rule(
    "aks-private-api",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-05"],
    title="A cluster's API has no public address",
    fix='Pass api_server_access_profile={"enable_private_cluster": True}.',
    url=f"{_DOCS}/private-clusters",
)
def private_api(cluster: Resource) -> Verdict:
    """A way in that only the network has is one that strangers cannot try."""
    return _private(cluster)


@rule(
    "aks-named-callers",
    types=[CLUSTER],
    severity=Severity.CRITICAL,
    requirements=["K-06"],
    title="A cluster's API answers to named addresses only",
    fix='Pass api_server_access_profile={"enable_private_cluster": True}, '
    'or name ranges in "authorized_ip_ranges".',
    url=f"{_DOCS}/api-server-authorized-ip-ranges",
)
def named_callers(cluster: Resource) -> Verdict:
    """An API that the whole internet reaches is one flaw away from being everyone's."""
    ranges = cluster["apiServerAccessProfile.authorizedIPRanges"]
    named = ranges.must_be_set() & ranges.elements().all(lambda one: one.must_not_equal(*_EVERYONE))
    return named | _private(cluster)


@rule(
    "aks-managed-identity",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-11"],
    title="A cluster acts as a managed identity, not with a secret",
    fix='Pass identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]} '
    "and no service_principal_profile.",
    url=f"{_DOCS}/use-managed-identity",
)
def managed_identity(cluster: Resource) -> Verdict:
    """A service principal has a password that leaks, and ends on a day nobody remembers."""
    default = of_kind(cluster, usual="None", automatic="SystemAssigned")
    kind = cluster["identity.type"].or_default(default)
    # Azure itself writes "msi" there where an identity stands for it.
    principal = cluster["servicePrincipalProfile.clientId"].or_default("msi")
    return kind.must_equal("SystemAssigned", "UserAssigned", known=["None"]) & principal.must_equal(
        "msi"
    )


@rule(
    "aks-workload-identity",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-12"],
    title="Pods get identities of their own, without secrets",
    fix='Pass oidc_issuer_profile={"enabled": True} and '
    'security_profile={"workload_identity": {"enabled": True}}.',
    url=f"{_DOCS}/workload-identity-overview",
)
def workload_identity(cluster: Resource) -> Verdict:
    """Otherwise pods hold secrets, or share the node's identity with each other."""
    default = of_kind(cluster, usual=False, automatic=True)
    issuer = cluster["oidcIssuerProfile.enabled"].or_default(default)
    pods = cluster["securityProfile.workloadIdentity.enabled"].or_default(default)
    return issuer.must_equal(True) & pods.must_equal(True)


@rule(
    "aks-no-run-command",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-22"],
    title="Nobody runs commands in a cluster past its network",
    fix='Pass api_server_access_profile={"disable_run_command": True}.',
    url=f"{_DOCS}/access-private-cluster",
)
def no_run_command(cluster: Resource) -> Verdict:
    """The command goes through Azure's API, so that a private cluster is no longer private."""
    return cluster["apiServerAccessProfile.disableRunCommand"].or_default(False).must_equal(True)


def _private(cluster: Resource) -> Verdict:
    private = cluster["apiServerAccessProfile.enablePrivateCluster"]
    return private.or_default(False).must_equal(True)
