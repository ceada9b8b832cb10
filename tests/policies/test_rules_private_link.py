"""The graph rule about private endpoints, at preview and after the deployment."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import key_vault, machine_learning, private_link, registry, storage
from policies.rules.private_link import ENDPOINT, endpoint_for_what_is_private
from tests.policies.asking import UNKNOWN, Stack

TARGETS = [
    (storage.ACCOUNT, {"accountName": "it"}, "dfs", "Microsoft.Storage/storageAccounts"),
    (key_vault.VAULT, {"vaultName": "it"}, "vault", "Microsoft.KeyVault/vaults"),
    (
        machine_learning.WORKSPACE,
        {"workspaceName": "it"},
        "amlworkspace",
        "Microsoft.MachineLearningServices/workspaces",
    ),
    (
        registry.REGISTRY,
        {"registryName": "it"},
        "registry",
        "Microsoft.ContainerRegistry/registries",
    ),
]


def private(kind, props, access="Disabled"):
    switch = {"publicNetworkAccess": access}
    return props | ({"properties": switch} if kind == key_vault.VAULT else switch)


def connection(group, target=UNKNOWN):
    return [{"name": "c", "groupIds": [group], "privateLinkServiceId": target}]


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
def test_an_endpoint_is_found_by_its_edge_before_ids_are_known(kind, props, group, arm):
    stack = Stack()
    target = stack.add(kind, "it", private(kind, props))
    stack.add(
        ENDPOINT,
        "endpoint",
        {"privateLinkServiceConnections": connection(group)},
        privateLinkServiceConnections=target,
    )
    assert stack.ask(endpoint_for_what_is_private) == {"it": PASS}


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
@pytest.mark.parametrize(
    "key", ["privateLinkServiceConnections", "manualPrivateLinkServiceConnections"]
)
def test_an_endpoint_is_found_by_a_known_id(kind, props, group, arm, key):
    stack = Stack()
    stack.add(kind, "it", private(kind, props))
    target = f"/subscriptions/s/resourceGroups/g/providers/{arm}/IT"
    stack.add(ENDPOINT, "endpoint", {key: connection(group, target)})
    assert stack.ask(endpoint_for_what_is_private) == {"it": PASS}


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
def test_endpoints_of_others_and_of_other_groups_do_not_count(kind, props, group, arm):
    stack = Stack()
    target = stack.add(kind, "it", private(kind, props))
    other = f"/subscriptions/s/resourceGroups/g/providers/{arm}/another"
    stack.add(ENDPOINT, "one", {"privateLinkServiceConnections": connection(group, other)})
    stack.add(
        ENDPOINT,
        "two",
        {"privateLinkServiceConnections": connection("sites")},
        privateLinkServiceConnections=target,
    )
    # Made after the target, but not leading to it.
    stack.add(
        ENDPOINT, "three", {"privateLinkServiceConnections": connection(group, other)}, tags=target
    )
    assert stack.ask(endpoint_for_what_is_private) == {"it": FAIL}


@pytest.mark.parametrize(("kind", "props", "group", "arm"), TARGETS)
@pytest.mark.parametrize(
    ("access", "verdict"),
    [("Enabled", NOT_APPLICABLE), (None, NOT_APPLICABLE), (UNKNOWN, UNDECIDED), ("disabled", FAIL)],
)
def test_only_what_is_private_needs_one(kind, props, group, arm, access, verdict):
    stack = Stack()
    stack.add(kind, "it", private(kind, props, access))
    assert stack.ask(endpoint_for_what_is_private) == {"it": verdict}


def test_an_endpoint_with_unknown_groups_leaves_it_undecided():
    stack = Stack()
    target = stack.add(storage.ACCOUNT, "it", private(storage.ACCOUNT, {}))
    stack.add(
        ENDPOINT,
        "endpoint",
        {"privateLinkServiceConnections": UNKNOWN},
        privateLinkServiceConnections=target,
    )
    assert stack.ask(endpoint_for_what_is_private) == {"it": UNDECIDED}


MORE = [
    ("datafactory:Factory", "factoryName", "dataFactory", "Microsoft.DataFactory/factories"),
    ("purview:Account", "accountName", "account", "Microsoft.Purview/accounts"),
    ("search:Service", "searchServiceName", "searchService", "Microsoft.Search/searchServices"),
    (
        "databricks:Workspace",
        "workspaceName",
        "databricks_ui_api",
        "Microsoft.Databricks/workspaces",
    ),
    (
        "machinelearningservices:Registry",
        "registryName",
        "amlregistry",
        "Microsoft.MachineLearningServices/registries",
    ),
    (
        "cognitiveservices:Account",
        "accountName",
        "account",
        "Microsoft.CognitiveServices/accounts",
    ),
    ("eventgrid:Topic", "topicName", "topic", "Microsoft.EventGrid/topics"),
]


@pytest.mark.parametrize(("kind", "name", "group", "arm"), MORE)
def test_every_private_resource_is_asked(kind, name, group, arm):
    switch = {"publicNetworkAccess": "disabled"}
    props = {name: "it"} | ({"properties": switch} if "cognitive" in kind else switch)
    stack = Stack()
    target = stack.add(kind, "it", props)
    assert stack.ask(endpoint_for_what_is_private) == {"it": FAIL}
    edge = {"privateLinkServiceConnections": target}
    stack.add(ENDPOINT, "endpoint", {"privateLinkServiceConnections": connection(group)}, **edge)
    assert stack.ask(endpoint_for_what_is_private) == {"it": PASS}
    stack = Stack()
    stack.add(kind, "it", props)
    known = f"/subscriptions/s/resourceGroups/g/providers/{arm}/IT"
    stack.add(ENDPOINT, "e", {"privateLinkServiceConnections": connection(group, known)})
    assert stack.ask(endpoint_for_what_is_private) == {"it": PASS}


def test_a_workspace_of_another_service_is_another_one():
    stack = Stack()
    props = {"workspaceName": "it", "publicNetworkAccess": "Disabled"}
    stack.add("databricks:Workspace", "it", props)
    other = "/subscriptions/s/providers/Microsoft.MachineLearningServices/workspaces/it"
    connections = connection("databricks_ui_api", other)
    stack.add(ENDPOINT, "e", {"privateLinkServiceConnections": connections})
    assert stack.ask(endpoint_for_what_is_private) == {"it": FAIL}


def named(groups, zones, *, configs=None, by_name=False):
    """An endpoint whose zone group is made from these zones."""
    stack = Stack()
    connections = [{"groupIds": groups}]
    props = {"privateLinkServiceConnections": connections, "privateEndpointName": "pe"}
    endpoint = stack.add(ENDPOINT, "e", props)
    made = {}
    for index, zone in enumerate(zones):
        node = stack.add(private_link.ZONE[0], f"z{index}", {"privateZoneName": zone})
        made[f"privateDnsZoneConfigs{index}"] = node
    if configs is None:
        configs = [{"privateDnsZoneId": UNKNOWN} for _ in zones]
    body = {"privateDnsZoneConfigs": configs, "privateEndpointName": "PE" if by_name else UNKNOWN}
    group = stack.add(private_link.ZONE_GROUP, "g", body)
    group.property_dependencies["privateDnsZoneConfigs"] = list(made.values())
    if not by_name:
        group.property_dependencies["privateEndpointName"] = [endpoint]
    return stack


@pytest.mark.parametrize(
    ("groups", "zones", "verdict"),
    [
        (["blob"], ["privatelink.blob.core.windows.net"], PASS),
        (["Blob"], ["PrivateLink.Blob.core.windows.net"], PASS),
        (["blob"], ["privatelink.blob.core.usgovcloudapi.net"], PASS),
        (["blob"], ["privatelink.dfs.core.windows.net"], FAIL),
        (["amlworkspace"], ["privatelink.api.azureml.ms"], FAIL),
        (
            ["amlworkspace"],
            ["privatelink.api.azureml.ms", "privatelink.notebooks.azure.net"],
            PASS,
        ),
        (["account"], ["privatelink.openai.azure.com"], PASS),
        (["account"], ["privatelink.purview.azure.com"], PASS),
        (["something-new"], ["example.com"], PASS),
        (["blob"], [UNKNOWN], UNDECIDED),
        ([UNKNOWN], ["example.com"], PASS),
    ],
)
@pytest.mark.parametrize("by_name", [False, True])
def test_the_zones_are_those_that_clients_ask(groups, zones, verdict, by_name):
    stack = named(groups, zones, by_name=by_name)
    assert stack.ask(private_link.endpoint_has_right_zones) == {"e": verdict}
    assert stack.ask(private_link.endpoint_has_names) == {"e": PASS}


def test_zones_are_read_from_known_ids():
    zone = "/subscriptions/s/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io"
    stack = named(["registry"], [], configs=[{"privateDnsZoneId": zone}])
    assert stack.ask(private_link.endpoint_has_right_zones) == {"e": PASS}
    stack = named(["vault"], [], configs=[{"privateDnsZoneId": zone}])
    assert stack.ask(private_link.endpoint_has_right_zones) == {"e": FAIL}
    stack = named(["vault"], [], configs=[{"privateDnsZoneId": UNKNOWN}])
    assert stack.ask(private_link.endpoint_has_right_zones) == {"e": UNDECIDED}


def test_an_endpoint_without_a_zone_group_has_no_names():
    stack = Stack()
    stack.add(ENDPOINT, "e", {"privateLinkServiceConnections": connection("blob")})
    assert stack.ask(private_link.endpoint_has_names) == {"e": FAIL}
    stack = named(["blob"], [], configs=[])
    assert stack.ask(private_link.endpoint_has_names) == {"e": FAIL}
    stack = named(["blob"], [], configs=UNKNOWN)
    assert stack.ask(private_link.endpoint_has_names) == {"e": UNDECIDED}


@pytest.mark.parametrize("form", [0, 1])
def test_a_zone_is_linked_by_its_edge_or_name(form):
    rule, kind = private_link.zone_linked, private_link.ZONE[form]
    for by_name in (False, True):
        stack = Stack()
        zone = stack.add(kind, "z", {"privateZoneName": "example.com"})
        assert stack.ask(rule) == {"z": FAIL}
        props = {"virtualNetwork": {"id": UNKNOWN}}
        if by_name:
            stack.add(private_link.LINK[form], "l", props | {"privateZoneName": "Example.com"})
        else:
            name = props | {"privateZoneName": UNKNOWN}
            stack.add(private_link.LINK[form], "l", name, privateZoneName=zone)
        assert stack.ask(rule) == {"z": PASS}
