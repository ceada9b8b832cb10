"""What a Kubernetes cluster runs beside its pods: policies, secrets, watch and old add-ons."""

from policies.engine.levels import ADVICE, Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import texts
from policies.engine.verdict import Verdict, not_applicable, only_if
from policies.rules.kubernetes import CLUSTER, of_kind

EXTENSION = "kubernetesconfiguration:Extension"
_DOCS = "https://learn.microsoft.com/azure/aks"
_SECRETS = "addonProfiles.azureKeyvaultSecretsProvider"


@rule(
    "aks-network-policy",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-07"],
    title="A cluster obeys network policies",
    fix='Pass network_profile={"network_policy": NetworkPolicy.CILIUM} or another one.',
    url=f"{_DOCS}/use-network-policies",
)
def network_policy(cluster: Resource) -> Verdict:
    """Without an engine, policies are accepted and do nothing: every pod reaches every other."""
    default = of_kind(cluster, usual="none", automatic="cilium")
    policy = cluster["networkProfile.networkPolicy"].or_default(default)
    return policy.must_equal("azure", "calico", "cilium", known=["none"])


@rule(
    "aks-azure-policy",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-09"],
    title="Azure Policy looks into a cluster",
    fix='Pass addon_profiles={"azurepolicy": {"enabled": True}}.',
    url="https://learn.microsoft.com/azure/governance/policy/concepts/policy-for-kubernetes",
)
def azure_policy(cluster: Resource) -> Verdict:
    """What a pod may do is decided at its admission or not at all."""
    default = of_kind(cluster, usual=False, automatic=True)
    return cluster["addonProfiles.azurepolicy.enabled"].or_default(default).must_equal(True)


@rule(
    "aks-defender",
    types=[CLUSTER],
    severity=Severity.HIGH,
    requirements=["K-10"],
    title="Defender watches a cluster's nodes",
    fix='Pass security_profile={"defender": {"security_monitoring": {"enabled": True}, '
    '"log_analytics_workspace_resource_id": workspace.id}}.',
    url="https://learn.microsoft.com/azure/defender-for-cloud/defender-for-containers-introduction",
)
def defender(cluster: Resource) -> Verdict:
    """What happens inside a node is in no log of Azure's."""
    watch = cluster["securityProfile.defender.securityMonitoring.enabled"]
    return watch.or_default(False).must_equal(True)


@rule(
    "aks-secrets-from-vault",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-15"],
    title="Pods take their secrets from a vault",
    fix='Pass addon_profiles={"azureKeyvaultSecretsProvider": {"enabled": True, '
    '"config": {"enableSecretRotation": "true"}}}.',
    url=f"{_DOCS}/csi-secrets-store-driver",
)
def secrets_from_vault(cluster: Resource) -> Verdict:
    """A secret of Kubernetes is plain text for whoever may list it."""
    default = of_kind(cluster, usual=False, automatic=True)
    return cluster[f"{_SECRETS}.enabled"].or_default(default).must_equal(True)


@rule(
    "aks-secrets-rotated",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-16"],
    title="Pods see a secret's new version",
    fix='Pass "config": {"enableSecretRotation": "true"} of azureKeyvaultSecretsProvider.',
    url=f"{_DOCS}/csi-secrets-store-configuration-options",
)
def secrets_rotated(cluster: Resource) -> Verdict:
    """A secret that is not renewed where it is used is soon not renewed at all."""
    enabled = of_kind(cluster, usual=False, automatic=True)
    used = cluster[f"{_SECRETS}.enabled"].or_default(enabled).must_equal(True)
    rotation = cluster[f"{_SECRETS}.config.enableSecretRotation"].or_default(enabled)
    return only_if(used, lambda: rotation.must_equal(True), "the add-on is off")


@rule(
    "aks-no-http-routing",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-17"],
    title="A cluster is without the add-on that opens routes over plain http",
    fix="Leave httpApplicationRouting out of addon_profiles; use ingress_profile instead.",
    url=f"{_DOCS}/app-routing-migration",
)
def no_http_routing(cluster: Resource) -> Verdict:
    """It was never meant for production, and is retired."""
    routing = cluster["addonProfiles.httpApplicationRouting.enabled"]
    return routing.or_default(False).must_equal(False)


@rule(
    "aks-no-dashboard",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-18"],
    title="A cluster is without the old dashboard",
    fix="Leave kubeDashboard out of addon_profiles.",
    url=f"{_DOCS}/kubernetes-portal",
)
def no_dashboard(cluster: Resource) -> Verdict:
    """It acts with rights of its own, whoever looks at it."""
    return cluster["addonProfiles.kubeDashboard.enabled"].or_default(False).must_equal(False)


@rule(
    "aks-own-key-for-secrets",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    # Azure encrypts in any case; whose key it is, is a choice with a price.
    levels=ADVICE,
    requirements=["K-21"],
    title="A cluster's store of secrets is encrypted with a key of one's own",
    fix='Pass security_profile={"azure_key_vault_kms": {"enabled": True, "key_id": key.id, '
    '"key_vault_network_access": "Private", "key_vault_resource_id": vault.id}}.',
    url=f"{_DOCS}/use-kms-etcd-encryption",
    parameters={
        "required_in": texts(
            "Environments whose secrets are worth it: without its key the cluster does not start.",
            "prod",
        )
    },
)
def own_key_for_secrets(cluster: Resource) -> Verdict:
    """Then a copy of the store is of no use, and its reading is in the vault's log."""
    if cluster.environment not in cluster.settings.texts("required_in"):
        return not_applicable("no key of one's own is required in this environment")
    kms = cluster["securityProfile.azureKeyVaultKms.enabled"]
    return kms.or_default(False).must_equal(True)


@rule(
    "aks-container-logs",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-26"],
    title="What a cluster's containers say is kept",
    fix='Pass addon_profiles={"omsagent": {"enabled": True, "config": {'
    '"logAnalyticsWorkspaceResourceID": workspace.id, "useAADAuth": "true"}}}.',
    url="https://learn.microsoft.com/azure/azure-monitor/containers/container-insights-overview",
)
def container_logs(cluster: Resource) -> Verdict:
    """A pod's log goes with the pod, and the first thing that ends after a break-in is the pod."""
    agent = cluster["addonProfiles.omsagent.enabled"].or_default(False).must_equal(True)
    insights = cluster["azureMonitorProfile.containerInsights.enabled"].or_default(False)
    return (agent | insights.must_equal(True)).because(*agent.evidence)


@rule(
    "aks-ml-extension",
    types=[EXTENSION],
    severity=Severity.HIGH,
    requirements=["U-30"],
    title="The extension for machine learning answers over TLS and keeps itself up to date",
    fix='Leave "allowInsecureConnections" out of configuration_settings, or pass "False"; pass '
    "auto_upgrade_minor_version=True.",
    url="https://learn.microsoft.com/azure/machine-learning/how-to-secure-kubernetes-online-endpoint",
)
def ml_extension(extension: Resource) -> Verdict:
    """Tokens and what is asked of a model can be read on the way otherwise."""
    of_ml = extension["extensionType"].must_equal("Microsoft.AzureML.Kubernetes")

    insecure = extension["configurationSettings"]["allowInsecureConnections"].or_default(False)
    upgrades = extension["autoUpgradeMinorVersion"].or_default(True)
    return only_if(
        of_ml,
        lambda: insecure.must_equal(False) & upgrades.must_equal(True),
        "another extension",
    )
