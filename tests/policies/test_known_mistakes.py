"""What other rule sets are known to get wrong, each held against our rule of the same purpose."""

import json
from pathlib import Path

import pytest

from policies.engine.requirements import twins
from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS
from policies.rules import (
    RULES,
    cognitive_services,
    key_vault,
    kubernetes,
    kubernetes_addons,
    kubernetes_nodes,
    machine_learning,
    network,
    private_link,
    registry,
    storage,
    storage_services,
)
from tests.policies.asking import Stack, ask, evaluate, token

ROOT = Path(__file__).parents[2]
GOOD_POOL = {
    "name": "system",
    "enableEncryptionAtHost": True,
    "enableNodePublicIP": False,
    "securityProfile": {"sshAccess": "Disabled"},
}


@pytest.mark.parametrize(
    ("rule", "bad"),
    [
        (kubernetes_nodes.host_encryption, {"enableEncryptionAtHost": False}),
        (kubernetes_nodes.no_node_addresses, {"enableNodePublicIP": True}),
        (kubernetes_nodes.no_node_login, {"securityProfile": {"sshAccess": "LocalUser"}}),
    ],
)
def test_pools_after_the_first_count_which_checkov_does_not_look_at(rule, bad):
    """CKV_AZURE_227, 226 and 168 read agentPoolProfiles[0] only."""
    assert evaluate(rule, {"agentPoolProfiles": [GOOD_POOL, GOOD_POOL]}) == PASS
    assert evaluate(rule, {"agentPoolProfiles": [GOOD_POOL, GOOD_POOL | bad]}) == FAIL
    assert evaluate(rule, GOOD_POOL | bad, type_token=token(kubernetes_nodes.POOL)) == FAIL


@pytest.mark.parametrize("addons", [None, {}, {"kubeDashboard": None}])
def test_a_cluster_without_the_retired_dashboard_passes_which_checkov_fails(addons):
    """CKV_AZURE_8 wants the dashboard named and turned off."""
    assert evaluate(kubernetes_addons.no_dashboard, {"addonProfiles": addons}) == PASS


def test_a_list_of_addresses_does_not_close_a_vaults_public_network_as_for_checkov():
    """CKV_AZURE_189 passes any ipRules."""
    acls = {"defaultAction": "Allow", "ipRules": [{"value": "0.0.0.0/0"}]}
    open_vault = {"properties": {"publicNetworkAccess": "Enabled", "networkAcls": acls}}
    assert evaluate(key_vault.public_network_off, open_vault) == FAIL
    assert evaluate(key_vault.network_denied_by_default, open_vault) == FAIL


@pytest.mark.parametrize("bypass", ["AzureServices", "Logging, Metrics, AzureServices", None])
def test_trusted_services_may_stand_among_others_which_checkov_refuses(bypass):
    """CKV_AZURE_36 wants the exact text AzureServices."""
    rules = {"networkRuleSet": {"bypass": bypass, "defaultAction": "Deny"}}
    assert evaluate(storage_services.trusted_services, rules) == PASS


def test_trusted_services_do_not_make_an_open_account_good_as_for_checkov():
    """CKV_AZURE_36 passes the default action Allow."""
    rules = {"networkRuleSet": {"bypass": "AzureServices", "defaultAction": "Allow"}}
    assert evaluate(storage_services.trusted_services, rules) == NOT_APPLICABLE
    assert evaluate(storage.network_denied_by_default, rules) == FAIL


def test_the_newest_tls_passes_which_checkov_and_psrule_refuse():
    """CKV_AZURE_44 and Azure.Storage.MinTLS know TLS1_2 only."""
    assert evaluate(storage.min_tls, {"minimumTlsVersion": "TLS1_3"}) == PASS


def test_no_rule_calls_a_sku_a_scan_for_vulnerabilities_as_checkov_does():
    """CKV_AZURE_163 passes whoever pays for Standard."""
    reasons = json.loads((ROOT / "policies" / "undecidable.json").read_text("utf-8"))
    assert "R-21" in reasons
    assert not any("CKV_AZURE_163" in twins(rule).get("Checkov", ()) for rule in RULES)


def test_an_outbound_rule_is_no_private_endpoint_as_it_is_for_checkov():
    """CKV_AZURE_243 takes a managed network's rule for the workspace's own endpoint."""
    outbound = {"data": {"type": "PrivateEndpoint", "destination": {"subresourceTarget": "blob"}}}
    network_of = {"isolationMode": "AllowOnlyApprovedOutbound", "outboundRules": outbound}
    stack = Stack()
    stack.add(
        machine_learning.WORKSPACE,
        "w",
        {"publicNetworkAccess": "Disabled", "managedNetwork": network_of},
    )
    assert stack.ask(private_link.endpoint_for_what_is_private) == {"w": FAIL}


@pytest.mark.parametrize("policy", ["azure", "calico", "cilium"])
def test_each_engine_of_network_policies_passes_which_psrule_denies_cilium(policy):
    """Azure.AKS.NetworkPolicy knows azure and calico only."""
    profile = {"networkProfile": {"networkPolicy": policy}}
    assert evaluate(kubernetes_addons.network_policy, profile) == PASS


@pytest.mark.parametrize("cluster", [{}, {"networkProfile": None}, {"networkProfile": {}}])
def test_a_cluster_without_a_network_profile_fails_which_pulumis_own_pack_passes(cluster):
    assert evaluate(kubernetes_addons.network_policy, cluster) == FAIL


@pytest.mark.parametrize(
    ("sku", "verdict"),
    [
        ({"tier": "Premium"}, PASS),
        ({"tier": "standard"}, PASS),
        ({"tier": "Free"}, FAIL),
        ({}, FAIL),
        ({"name": "Automatic"}, PASS),
    ],
)
def test_the_premium_tier_promises_uptime_too_which_psrule_denies(sku, verdict):
    """Azure.AKS.UptimeSLA knows Standard only."""
    assert evaluate(kubernetes_nodes.uptime_promised, {"sku": sku}) == verdict
    assert ask(kubernetes_nodes.uptime_promised, {"sku": sku}, stack="dev").outcome == (
        NOT_APPLICABLE
    )


@pytest.mark.parametrize(
    "kind", ["UserAssigned", "SystemAssigned,UserAssigned", "SystemAssigned, UserAssigned"]
)
def test_both_identities_are_as_good_as_ones_own_which_psrule_denies(kind):
    """Azure.ML.UserManagedIdentity knows UserAssigned only."""
    identity = {"type": kind, "userAssignedIdentities": ["/subscriptions/s/i"]}
    props = {"identity": identity, "primaryUserAssignedIdentity": "/subscriptions/s/i"}
    assert evaluate(machine_learning.user_assigned_identity, props) == PASS


@pytest.mark.parametrize("kind", ["OpenAI", "AIServices", "ContentSafety", "TextAnalytics"])
def test_an_ai_service_of_any_kind_needs_an_identity_which_psrule_asks_of_one(kind):
    """Azure.AI.ManagedIdentity looks at TextAnalytics only."""
    assert evaluate(cognitive_services.identity, {"kind": kind}) == FAIL
    own = {"kind": kind, "identity": {"type": "SystemAssigned"}}
    assert evaluate(cognitive_services.identity, own) == PASS


@pytest.mark.parametrize("everyone", ["*", "0.0.0.0/0", "Internet", "any", "::/0"])
@pytest.mark.parametrize("many", [False, True])
def test_everyone_has_many_names_of_which_psrule_knows_one(everyone, many):
    """Azure.NSG.AnyInboundSource sees sourceAddressPrefix "*" and no plural list."""
    source = {"sourceAddressPrefixes": [everyone]} if many else {"sourceAddressPrefix": everyone}
    entry = {"direction": "Inbound", "access": "Allow", "destinationPortRange": "443", **source}
    rule = network.no_inbound_from_anywhere
    assert evaluate(rule, {"securityRules": [entry]}) == FAIL
    assert evaluate(rule, entry, type_token=token(network.SECURITY_RULE)) == FAIL


def test_a_private_cluster_needs_no_list_of_callers_which_kics_asks_for():
    private = {"apiServerAccessProfile": {"enablePrivateCluster": True}}
    assert evaluate(kubernetes.named_callers, private) == PASS


@pytest.mark.parametrize("ranges", [[], None, ["0.0.0.0/0"]])
def test_an_empty_list_of_callers_is_no_list_which_template_analyzer_accepts(ranges):
    profile = {"apiServerAccessProfile": {"authorizedIPRanges": ranges}}
    assert evaluate(kubernetes.named_callers, profile) == FAIL


@pytest.mark.parametrize(
    ("mode", "legacy", "verdict"),
    [(False, False, PASS), (None, False, PASS), (True, False, FAIL), (True, True, PASS)],
)
def test_the_legacy_mode_is_a_parameter_where_azure_policy_still_asks_for_it(mode, legacy, verdict):
    """The built-in policy e413671a wants v1LegacyMode true, which shuts the second API out."""
    props = {} if mode is None else {"v1LegacyMode": mode}
    found = ask(machine_learning.api_generation, props, legacy_mode=legacy)
    assert found.outcome == verdict


@pytest.mark.parametrize(
    ("rule", "props"),
    [
        (machine_learning.public_network_off, {}),
        (storage.public_network_off, {}),
        (key_vault.public_network_off, {"properties": {}}),
        (registry.public_network_off, {}),
    ],
)
def test_nothing_said_is_the_services_default_which_checkovs_two_languages_dispute(rule, props):
    """CKV2_AZURE_49 passes a workspace that says nothing, CKV_AZURE_144 fails it."""
    assert evaluate(rule, props) == FAIL
