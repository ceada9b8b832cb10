"""Rules for how Azure Machine Learning is closed off, over several resources of a stack."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import machine_learning as workspace_rules
from policies.rules import machine_learning_compute as compute
from policies.rules import machine_learning_network as rules
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate, token
from tests.policies.tables import Row, hold

CLUSTER = {"properties.computeType": "AmlCompute"}
INSTANCE = {"properties.computeType": "ComputeInstance"}
INNER = "properties.properties"
ROWS = [
    Row(
        compute.no_password,
        f"{INNER}.userAccountCredentials.adminUserPassword",
        [""],
        ["hunter2"],
        PASS,
        CLUSTER,
    ),
    *(
        Row(
            compute.identity,
            "identity.type",
            ["SystemAssigned", "UserAssigned"],
            ["None", ""],
            FAIL,
            kind,
        )
        for kind in (CLUSTER, INSTANCE)
    ),
    Row(
        compute.stops_when_idle,
        f"{INNER}.idleTimeBeforeShutdown",
        ["PT1H", "PT30M"],
        [""],
        FAIL,
        INSTANCE,
    ),
    Row(
        compute.idle_bounds,
        f"{INNER}.idleTimeBeforeShutdown",
        ["PT15M", "PT1H30M", "PT3H", "PT10800S"],
        ["PT5M", "P1D", "PT3H1M", "soon", "PT", "P"],
        PASS,
        INSTANCE,
    ),
    Row(compute.size, f"{INNER}.scaleSettings.maxNodeCount", [1, 32, 32.0], [33], PASS, CLUSTER),
    Row(compute.dedicated, f"{INNER}.vmPriority", ["Dedicated"], ["LowPriority"], PASS, CLUSTER),
    Row(rules.registry_public_network_off, "publicNetworkAccess", ["Disabled"], ["Enabled"], FAIL),
    Row(
        rules.datastore_no_credentials,
        "properties.credentials.credentialsType",
        ["None"],
        ["AccountKey", "Sas", "ServicePrincipal", "Certificate"],
        PASS,
    ),
    Row(
        rules.connection_no_secrets,
        "properties.authType",
        ["AAD", "ManagedIdentity", "None"],
        ["AccountKey", "SAS", "UsernamePassword", "PAT", "AccessKey"],
        PASS,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


def test_attached_computes_are_other_resources():
    props = {"properties": {"computeType": "Kubernetes"}}
    for rule in (compute.identity, compute.size, compute.stops_when_idle, compute.no_password):
        assert evaluate(rule, props) == NOT_APPLICABLE


def test_the_environment_decides_how_large_and_how_safe_a_cluster_is():
    nodes = {"scaleSettings": {"maxNodeCount": 6}, "vmPriority": "LowPriority"}
    props = {"properties": {"computeType": "AmlCompute", "properties": nodes}}
    for stack, size, dedicated in (
        ("dev", FAIL, PASS),
        ("staging", PASS, FAIL),
        ("prod", PASS, FAIL),
    ):
        assert evaluate(compute.size, props, stack=stack) == size
        assert evaluate(compute.dedicated, props, stack=stack) == dedicated
    assert ask(compute.size, props, stack="dev", dev=6).outcome == PASS


@pytest.mark.parametrize(
    ("kind", "wanted"), [("AmlCompute", FAIL), ("computeinstance", FAIL), ("AKS", NOT_APPLICABLE)]
)
def test_a_compute_stands_in_a_network(kind, wanted):
    def asked(mode, subnet=None, by_name=False):
        stack = Stack()
        body = {"workspaceName": "w", "managedNetwork": {"isolationMode": mode}}
        made = stack.add(rules.WORKSPACE, "w", body)
        properties = {"computeType": kind, "properties": {"subnet": subnet}}
        name = {"workspaceName": "W" if by_name else UNKNOWN, "properties": properties}
        stack.add(compute.COMPUTE, "c", name, **({} if by_name else {"workspaceName": made}))
        return stack.ask(rules.compute_in_network)["c"]

    passes = PASS if wanted is FAIL else wanted
    unsure = UNDECIDED if wanted is FAIL else wanted
    for by_name in (False, True):
        assert asked("Disabled", by_name=by_name) == wanted
        assert asked(None, by_name=by_name) == wanted
        assert asked("AllowInternetOutbound", by_name=by_name) == passes
        assert asked("allowonlyapprovedoutbound", by_name=by_name) == passes
        assert asked(UNKNOWN, by_name=by_name) == unsure
        assert asked("Disabled", {"id": UNKNOWN}, by_name=by_name) == passes
        assert asked("Disabled", {"id": "/subnet"}, by_name=by_name) == passes
        assert asked("Disabled", UNKNOWN, by_name=by_name) == unsure


def test_a_compute_whose_workspace_is_elsewhere_may_be_in_its_network():
    stack = Stack()
    properties = {"computeType": "AmlCompute", "properties": {}}
    stack.add(compute.COMPUTE, "c", {"workspaceName": "w", "properties": properties})
    assert stack.ask(rules.compute_in_network) == {"c": UNDECIDED}


OPEN = {"publicNetworkAccess": "Enabled"}
CLOSED = {"publicNetworkAccess": "disabled"}
QUIET = {"publicNetworkAccessForIngestion": "Disabled", "publicNetworkAccessForQuery": "Disabled"}
STORES = {
    "storageAccount": ("storage:StorageAccount", "accountName", CLOSED, OPEN),
    "keyVault": ("keyvault:Vault", "vaultName", {"properties": CLOSED}, {"properties": OPEN}),
    "containerRegistry": ("containerregistry:Registry", "registryName", CLOSED, OPEN),
    "applicationInsights": (
        "applicationinsights:Component",
        "resourceName",
        QUIET,
        {"publicNetworkAccessForIngestion": "Disabled"},
    ),
}
ARM = {
    "storageAccount": "Microsoft.Storage/storageAccounts",
    "keyVault": "Microsoft.KeyVault/vaults",
    "containerRegistry": "Microsoft.ContainerRegistry/registries",
    "applicationInsights": "Microsoft.Insights/components",
}


@pytest.mark.parametrize("key", STORES)
@pytest.mark.parametrize("by_name", [False, True])
def test_a_private_workspace_stands_on_private_stores(key, by_name):
    kind, name, good, bad = STORES[key]

    def asked(props, access="Disabled"):
        stack = Stack()
        store = stack.add(kind, "s", {name: "it", **props})
        known = f"/subscriptions/s/resourceGroups/g/providers/{ARM[key]}/IT"
        body = {"publicNetworkAccess": access, key: known if by_name else UNKNOWN}
        stack.add(rules.WORKSPACE, "w", body, **({} if by_name else {key: store}))
        return stack.ask(rules.stores_private)["w"]

    assert asked(good) == PASS
    assert asked(bad) == FAIL
    assert asked({}) == FAIL
    assert asked(bad, "Enabled") == NOT_APPLICABLE
    assert asked(bad, UNKNOWN) == UNDECIDED


def test_sensitive_data_lies_in_a_private_account():
    def asked(sensitive, store):
        stack = Stack()
        account = stack.add("storage:StorageAccount", "s", store)
        body = {"hbiWorkspace": sensitive, "storageAccount": UNKNOWN}
        stack.add(rules.WORKSPACE, "w", body, storageAccount=account)
        return stack.ask(rules.sensitive_storage_private)["w"]

    assert asked(True, CLOSED) == PASS
    assert asked(True, OPEN) == FAIL
    assert asked(True, {}) == FAIL
    assert asked(True, {"publicNetworkAccess": UNKNOWN}) == UNDECIDED
    assert asked(False, OPEN) == asked(None, OPEN) == NOT_APPLICABLE
    assert asked(UNKNOWN, OPEN) == UNDECIDED


@pytest.mark.parametrize(
    ("entry", "verdict"),
    [
        ({"type": "FQDN", "destination": "pypi.org"}, PASS),
        ({"type": "FQDN", "destination": "*.pypi.org"}, FAIL),
        ({"type": "fqdn", "destination": "*"}, FAIL),
        ({"type": "FQDN", "destination": UNKNOWN}, UNDECIDED),
        ({"type": UNKNOWN, "destination": "*.x"}, UNDECIDED),
        ({"type": "PrivateEndpoint", "destination": {"sparkEnabled": False}}, PASS),
        ({"type": "ServiceTag", "destination": {"serviceTag": "AzureActiveDirectory"}}, PASS),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_ways_out_name_hosts_inline_or_alone(entry, verdict):
    inline = {"managedNetwork": {"outboundRules": {"a": {"type": "ServiceTag"}, "b": entry}}}
    rule = rules.outbound_names_hosts
    assert evaluate(rule, inline, type_token=token(rules.WORKSPACE)) == verdict
    alone = evaluate(rule, {"properties": entry})
    assert alone == verdict or {alone, verdict} == {NOT_APPLICABLE, PASS}


def test_wildcards_are_a_parameter_and_no_rules_are_fine():
    rule = rules.outbound_names_hosts
    props = {"properties": {"type": "FQDN", "destination": "*.Azureml.ms"}}
    assert ask(rule, props, wildcards=["*.azureml.ms"]).outcome == PASS
    for network in ({}, {"managedNetwork": None}, {"managedNetwork": {"outboundRules": None}}):
        assert evaluate(rule, network, type_token=token(rules.WORKSPACE)) == PASS
    unknown = {"managedNetwork": UNKNOWN}
    assert evaluate(rule, unknown, type_token=token(rules.WORKSPACE)) == UNDECIDED


@pytest.mark.parametrize(
    ("storage", "registry", "verdict"),
    [
        ({}, {}, PASS),
        ({"allowBlobPublicAccess": False}, {"acrAccountSku": "premium"}, PASS),
        ({"allowBlobPublicAccess": True}, {}, FAIL),
        ({}, {"acrAccountSku": "Basic"}, FAIL),
        ({"allowBlobPublicAccess": UNKNOWN}, {}, UNDECIDED),
        (UNKNOWN, {}, UNDECIDED),
    ],
)
def test_the_stores_of_a_registry_are_closed(storage, registry, verdict):
    region = {
        "storageAccountDetails": [{"systemCreatedStorageAccount": storage}],
        "acrDetails": [{"systemCreatedAcrAccount": registry}],
    }
    assert evaluate(rules.registry_stores, {"regionDetails": [{}, region]}) == verdict
    assert evaluate(rules.registry_stores, {"regionDetails": UNKNOWN}) == UNDECIDED


KEY = {
    "status": "Enabled",
    "keyVaultProperties": {"keyVaultArmId": "/vault", "keyIdentifier": "https://key"},
}


@pytest.mark.parametrize(
    ("encryption", "verdict"),
    [
        (KEY, PASS),
        (KEY | {"status": "enabled"}, PASS),
        (KEY | {"keyVaultProperties": {"keyVaultArmId": UNKNOWN, "keyIdentifier": UNKNOWN}}, PASS),
        (KEY | {"status": "Disabled"}, FAIL),
        (KEY | {"keyVaultProperties": {}}, FAIL),
        (KEY | {"keyVaultProperties": UNKNOWN}, UNDECIDED),
        ({}, FAIL),
        (None, FAIL),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_a_workspace_has_a_key_of_its_own_where_that_is_required(encryption, verdict):
    props = {"encryption": encryption}
    rule = workspace_rules.own_key
    assert ask(rule, props, required_in=["prod"]).outcome == verdict
    assert ask(rule, props, required_in=[]).outcome == NOT_APPLICABLE
    assert ask(rule, props | {"kind": "project"}, required_in=["prod"]).outcome == NOT_APPLICABLE
