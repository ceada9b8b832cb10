"""Kubernetes rules: each on every state of its properties, with pools inline and alone."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import kubernetes as cluster
from policies.rules import kubernetes_addons as addons
from policies.rules import kubernetes_nodes as nodes
from tests.policies.asking import UNKNOWN, ask, evaluate, token
from tests.policies.tables import Row, hold

API = "apiServerAccessProfile"
SECRETS = "addonProfiles.azureKeyvaultSecretsProvider"
SECURITY = "securityProfile"
DISABLED, ENABLED = [False, "false"], [True, "True"]
ROWS = [
    Row(cluster.roles, "enableRBAC", ENABLED, DISABLED, FAIL),
    Row(cluster.directory_login, "aadProfile.managed", ENABLED, DISABLED, FAIL),
    Row(cluster.azure_roles, "aadProfile.enableAzureRBAC", ENABLED, DISABLED, FAIL),
    Row(cluster.no_local_accounts, "disableLocalAccounts", ENABLED, DISABLED, FAIL),
    Row(cluster.private_api, f"{API}.enablePrivateCluster", ENABLED, DISABLED, FAIL),
    Row(cluster.named_callers, f"{API}.enablePrivateCluster", ENABLED, DISABLED, FAIL),
    Row(
        cluster.named_callers,
        f"{API}.authorizedIPRanges",
        [["203.0.113.0/24"], "203.0.113.7"],
        [[], ["0.0.0.0/0"], ["203.0.113.0/24", "0.0.0.0/0"], ["::/0"]],
        FAIL,
    ),
    Row(
        cluster.managed_identity,
        "identity.type",
        ["SystemAssigned", "UserAssigned"],
        ["None", "ServicePrincipal"],
        FAIL,
    ),
    Row(
        cluster.managed_identity,
        "servicePrincipalProfile.clientId",
        ["msi"],
        ["0000-app"],
        PASS,
        {"identity.type": "SystemAssigned"},
    ),
    Row(
        cluster.workload_identity,
        "oidcIssuerProfile.enabled",
        ENABLED,
        DISABLED,
        FAIL,
        {f"{SECURITY}.workloadIdentity.enabled": True},
    ),
    Row(
        cluster.workload_identity,
        f"{SECURITY}.workloadIdentity.enabled",
        ENABLED,
        DISABLED,
        FAIL,
        {"oidcIssuerProfile.enabled": True},
    ),
    Row(cluster.no_run_command, f"{API}.disableRunCommand", ENABLED, DISABLED, FAIL),
    Row(
        nodes.upgrades_itself,
        "autoUpgradeProfile.upgradeChannel",
        ["rapid", "stable", "patch", "node-image"],
        ["none", ""],
        FAIL,
    ),
    Row(
        nodes.nodes_patched,
        "autoUpgradeProfile.nodeOSUpgradeChannel",
        ["SecurityPatch", "NodeImage"],
        ["None", "Unmanaged"],
        PASS,
    ),
    Row(nodes.version, "kubernetesVersion", ["1.33", "1.40.2", "2.0"], ["1.31.9", "x"], PASS),
    Row(
        nodes.version,
        "autoUpgradeProfile.upgradeChannel",
        ["rapid", "stable"],
        ["patch", "none"],
        FAIL,
        {"kubernetesVersion": "1.30.1"},
    ),
    # PSRule calls cilium a mistake, and Pulumi's own pack passes a cluster without any profile.
    Row(
        addons.network_policy,
        "networkProfile.networkPolicy",
        ["azure", "calico", "cilium"],
        ["none", ""],
        FAIL,
    ),
    Row(addons.azure_policy, "addonProfiles.azurepolicy.enabled", ENABLED, DISABLED, FAIL),
    Row(
        addons.defender, f"{SECURITY}.defender.securityMonitoring.enabled", ENABLED, DISABLED, FAIL
    ),
    Row(addons.secrets_from_vault, f"{SECRETS}.enabled", ENABLED, DISABLED, FAIL),
    Row(
        addons.secrets_rotated,
        f"{SECRETS}.config.enableSecretRotation",
        ENABLED,
        DISABLED,
        FAIL,
        {f"{SECRETS}.enabled": True},
    ),
    Row(
        addons.no_http_routing,
        "addonProfiles.httpApplicationRouting.enabled",
        DISABLED,
        ENABLED,
        PASS,
    ),
    # Checkov fails a cluster that has no dashboard at all.
    Row(addons.no_dashboard, "addonProfiles.kubeDashboard.enabled", DISABLED, ENABLED, PASS),
    Row(addons.container_logs, "addonProfiles.omsagent.enabled", ENABLED, DISABLED, FAIL),
    Row(
        addons.container_logs,
        "azureMonitorProfile.containerInsights.enabled",
        ENABLED,
        DISABLED,
        FAIL,
    ),
]
POOLS = [
    Row(nodes.host_encryption, "enableEncryptionAtHost", ENABLED, DISABLED, FAIL),
    Row(nodes.no_node_addresses, "enableNodePublicIP", DISABLED, ENABLED, PASS),
    Row(
        nodes.no_node_login,
        "securityProfile.sshAccess",
        ["Disabled"],
        ["LocalUser", "EntraId"],
        FAIL,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_property_of_a_cluster_has_a_verdict_in_every_state(row):
    hold(row)


@pytest.mark.parametrize("row", POOLS, ids=str)
def test_a_pool_is_judged_alone_and_in_the_cluster(row):
    hold(Row(row.rule, row.path, row.good, row.bad, row.absent, kind=nodes.POOL))
    good, bad = row.props(row.good[0]), row.props(row.bad[0])
    for pools, verdict in (
        ([good], PASS),
        ([bad], FAIL),
        # Checkov looks at the first pool only.
        ([good, bad], FAIL),
        ([good, row.props()], row.absent),
        ([good, row.props(UNKNOWN)], UNDECIDED),
        ([good, UNKNOWN], UNDECIDED),
        ([bad, UNKNOWN], FAIL),
        (UNKNOWN, UNDECIDED),
        ([], PASS),
        (None, PASS),
    ):
        assert evaluate(row.rule, {"agentPoolProfiles": pools}) == verdict, pools
    assert evaluate(row.rule, {}) == PASS


def test_addons_are_found_in_any_casing_of_their_names():
    for name in ("omsagent", "omsAgent", "OMSAgent"):
        assert evaluate(addons.container_logs, {"addonProfiles": {name: {"enabled": True}}}) == PASS
    props = {"addonProfiles": {"AzurePolicy": {"enabled": True}}}
    assert evaluate(addons.azure_policy, props) == PASS


def test_a_private_cluster_needs_no_list_of_callers():
    private = {API: {"enablePrivateCluster": True, "authorizedIPRanges": ["0.0.0.0/0"]}}
    assert evaluate(cluster.named_callers, private) == PASS
    assert evaluate(cluster.named_callers, {API: {"enablePrivateCluster": UNKNOWN}}) == UNDECIDED
    ranges = {API: {"authorizedIPRanges": ["203.0.113.0/24", UNKNOWN]}}
    assert evaluate(cluster.named_callers, ranges) == UNDECIDED


def test_an_automatic_cluster_has_by_default_what_another_has_to_ask_for():
    automatic = {"sku": {"name": "automatic", "tier": "Standard"}}
    for rule in (
        cluster.roles,
        cluster.directory_login,
        cluster.azure_roles,
        cluster.no_local_accounts,
        cluster.managed_identity,
        cluster.workload_identity,
        nodes.upgrades_itself,
        addons.network_policy,
        addons.azure_policy,
        addons.secrets_from_vault,
        addons.secrets_rotated,
    ):
        assert evaluate(rule, automatic) == PASS, rule.id
        assert evaluate(rule, {"sku": {"name": "Base"}}) in {FAIL, NOT_APPLICABLE}, rule.id


def test_rotation_matters_where_there_are_secrets():
    assert evaluate(addons.secrets_rotated, {}) == NOT_APPLICABLE
    props = {"addonProfiles": {"azureKeyvaultSecretsProvider": {"enabled": UNKNOWN}}}
    assert evaluate(addons.secrets_rotated, props) == UNDECIDED


def test_nodes_of_old_api_versions_are_not_patched_by_default():
    old = "azure-native:containerservice/v20230101:ManagedCluster"
    assert evaluate(nodes.nodes_patched, {}, type_token=old) == FAIL


def test_what_is_good_enough_is_a_parameter():
    entra = {"securityProfile": {"sshAccess": "EntraId"}}
    verdict = ask(nodes.no_node_login, entra, type_token=token(nodes.POOL), allowed=["EntraId"])
    assert verdict.outcome == PASS
    new = ask(nodes.version, {"kubernetesVersion": "1.33.4"}, minimum="1.34")
    assert new.outcome == FAIL
    assert 'kubernetesVersion is "1.33.4"; wanted 1.34 or newer' in str(new.evidence[0])
    assert ask(nodes.version, {"kubernetesVersion": "1.33"}, minimum="1.33.2").outcome == PASS


@pytest.mark.parametrize(
    ("kms", "verdict"),
    [
        ({"enabled": True}, PASS),
        ({"enabled": False}, FAIL),
        ({"enabled": UNKNOWN}, UNDECIDED),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_secrets_have_a_key_of_their_own_where_that_is_required(kms, verdict):
    props = {"securityProfile": {"azureKeyVaultKms": kms}}
    rule = addons.own_key_for_secrets
    assert ask(rule, props, required_in=["prod"]).outcome == verdict
    assert ask(rule, props, required_in=[]).outcome == NOT_APPLICABLE
