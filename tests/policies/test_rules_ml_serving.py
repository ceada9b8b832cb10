"""Rules for endpoints of Azure Machine Learning and what is deployed to them."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import machine_learning_serving as rules
from tests.policies.asking import UNKNOWN, Stack, ask, evaluate
from tests.policies.tables import Row, hold

ROWS = [
    Row(
        rules.public_network_off, "properties.publicNetworkAccess", ["Disabled"], ["Enabled"], FAIL
    ),
    *(
        Row(
            rules.no_keys,
            "properties.authMode",
            ["AADToken"],
            ["Key", "AMLToken", ""],
            FAIL,
            kind=kind,
        )
        for kind in (rules.ONLINE, rules.BATCH)
    ),
    Row(rules.identity, "identity.type", ["UserAssigned", "SystemAssigned"], ["None", ""], FAIL),
    Row(rules.watched, "properties.appInsightsEnabled", [True, "true"], [False], FAIL),
    Row(
        rules.watched,
        "properties.dataCollector.collections",
        [{"model_inputs": {"dataCollectionMode": "Enabled"}}],
        [{}],
        FAIL,
    ),
    Row(
        rules.approved_model,
        "properties.model",
        ["azureml://registries/shared/models/flights/versions/3"],
        ["azureml:flights:3", "/subscriptions/s/workspaces/w/models/flights", ""],
        PASS,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row} {row.kind}")
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


def test_the_approved_models_are_a_parameter():
    props = {"properties": {"model": "azureml:flights:3"}}
    assert ask(rules.approved_model, props, models=["azureml:flights:*"]).outcome == PASS
    assert ask(rules.approved_model, props, models=[]).outcome == FAIL


@pytest.mark.parametrize(
    ("traffic", "verdict"),
    [
        ({"blue": 100}, PASS),
        ({"blue": 90, "green": 10}, PASS),
        ({"blue": 90.0, "green": 10.0}, PASS),
        ({"blue": 0}, PASS),
        ({}, PASS),
        (None, PASS),
        ({"blue": 90}, FAIL),
        ({"blue": 90, "green": 90}, FAIL),
        ({"blue": 90, "green": UNKNOWN}, UNDECIDED),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_traffic_is_shared_out_whole(traffic, verdict):
    assert evaluate(rules.traffic, {"properties": {"traffic": traffic}}) == verdict
    assert evaluate(rules.traffic, {}) == PASS


@pytest.mark.parametrize(
    ("variables", "verdict"),
    [
        ({"LOG_LEVEL": "debug"}, PASS),
        ({"DB_PASSWORD": "hunter2"}, FAIL),
        ({"A": "b", "openai-api-key": "hunter2"}, FAIL),
        ({"DB_PASSWORD": ""}, PASS),
        ({"DB_PASSWORD": None}, PASS),
        ({"DB_PASSWORD": "${{azureml://connections/db/credentials/password}}"}, PASS),
        ({"DB_PASSWORD": UNKNOWN}, UNDECIDED),
        ({"LOG_LEVEL": UNKNOWN}, PASS),
        ({}, PASS),
        (None, PASS),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_variables_hold_no_secrets(variables, verdict):
    props = {"properties": {"environmentVariables": variables}}
    assert evaluate(rules.no_secrets, props) == verdict
    told = str(ask(rules.no_secrets, props).evidence)
    assert "hunter2" not in told


def egress(properties, mode="Disabled", by_name=False, workspace=True):
    stack = Stack()
    props = {"properties": properties, "workspaceName": "W" if by_name else UNKNOWN}
    if workspace:
        body = {"workspaceName": "w", "managedNetwork": {"isolationMode": mode}}
        made = stack.add("machinelearningservices:Workspace", "w", body)
        edge = {} if by_name else {"workspaceName": made}
        stack.add(rules.DEPLOYMENT, "d", props, **edge)
    else:
        stack.add(rules.DEPLOYMENT, "d", props)
    return stack.ask(rules.no_way_out)["d"]


@pytest.mark.parametrize("by_name", [False, True])
def test_a_deployment_has_no_way_out(by_name):
    def asked(value, mode="Disabled", **more):
        properties = {"endpointComputeType": "Managed", "egressPublicNetworkAccess": value, **more}
        return egress(properties, mode, by_name)

    assert asked("disabled") == PASS
    assert asked("Enabled") == FAIL
    assert asked(UNKNOWN) == UNDECIDED
    assert asked(None) == FAIL
    assert asked(None, "AllowOnlyApprovedOutbound") == PASS
    assert asked(None, UNKNOWN) == UNDECIDED
    assert asked("Enabled", endpointComputeType="Kubernetes") == NOT_APPLICABLE
    assert asked(None, endpointComputeType="kubernetes") == NOT_APPLICABLE
    assert asked("Enabled", endpointComputeType=UNKNOWN) == UNDECIDED


def test_a_workspace_of_another_stack_cannot_be_seen():
    assert egress({}, workspace=False) == UNDECIDED
    assert egress({"egressPublicNetworkAccess": "Disabled"}, workspace=False) == PASS


@pytest.mark.parametrize("kind", [rules.ONLINE, rules.BATCH])
def test_earlier_releases_call_the_properties_by_the_types_own_name(kind):
    name = kind.rpartition(":")[2]
    key = f"{name[0].lower()}{name[1:]}Properties"
    asked = {"type_token": f"azure-native:machinelearningservices/v20220201preview:{name}"}
    for mode, verdict in (("AADToken", PASS), ("Key", FAIL), (UNKNOWN, UNDECIDED)):
        assert ask(rules.no_keys, {key: {"authMode": mode}}, **asked).outcome == verdict
    verdict = ask(rules.no_keys, {key: {"authMode": "Key"}}, **asked)
    assert [one.path for one in verdict.evidence] == [f"{key}.authMode"]
