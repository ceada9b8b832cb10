"""Rules for workspaces and their computes."""

import pytest

from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import machine_learning as ml
from policies.rules import machine_learning_compute as compute
from tests.policies.asking import UNKNOWN, evaluate

SWITCHES = [
    (ml.public_network_off, "publicNetworkAccess", "disabled", "Enabled", FAIL),
    (ml.no_public_access_behind_vnet, "allowPublicAccessWhenBehindVnet", False, True, PASS),
    (ml.identity_datastores, "systemDatastoresAuthMode", "identity", "accessKey", FAIL),
    (ml.identity_datastores, "systemDatastoresAuthMode", "Identity", "UserDelegationSAS", FAIL),
]


@pytest.mark.parametrize(("rule", "key", "good", "bad", "absent"), SWITCHES)
def test_a_workspace_switch_has_a_verdict_for_every_value(rule, key, good, bad, absent):
    assert evaluate(rule, {key: good}) == PASS
    assert evaluate(rule, {key: bad}) == FAIL
    assert evaluate(rule, {}) == absent
    assert evaluate(rule, {key: None}) == absent
    assert evaluate(rule, {key: UNKNOWN}) == UNDECIDED
    other = "azure-native:machinelearningservices/v20240401:Workspace"
    assert evaluate(rule, {key: bad}, type_token=other) == FAIL


@pytest.mark.parametrize(
    "rule", [ml.public_network_off, ml.managed_network, ml.identity_datastores]
)
def test_a_project_has_what_its_hub_has(rule):
    assert evaluate(rule, {"kind": "Project"}) == NOT_APPLICABLE
    assert evaluate(rule, {"kind": "project"}) == NOT_APPLICABLE
    assert evaluate(rule, {"kind": "Hub"}) == FAIL
    assert evaluate(rule, {"kind": UNKNOWN}) == UNDECIDED


@pytest.mark.parametrize(
    ("mode", "stack", "verdict"),
    [
        ("AllowOnlyApprovedOutbound", "prod", PASS),
        ("allowonlyapprovedoutbound", "prod", PASS),
        ("AllowInternetOutbound", "prod", FAIL),
        ("AllowInternetOutbound", "staging", FAIL),
        ("AllowInternetOutbound", "dev", PASS),
        ("Disabled", "dev", FAIL),
        (None, "dev", FAIL),
        (UNKNOWN, "dev", UNDECIDED),
    ],
)
def test_the_managed_network_is_as_tight_as_its_environment_asks(mode, stack, verdict):
    props = {"managedNetwork": {"isolationMode": mode}}
    assert evaluate(ml.managed_network, props, stack=stack) == verdict


OWN = {
    "managedNetwork": {"isolationMode": "Disabled"},
    "serverlessComputeSettings": {"serverlessComputeCustomSubnet": "/subnet"},
}


@pytest.mark.parametrize(
    ("props", "stack", "verdict"),
    [
        (OWN, "dev", PASS),
        (OWN, "prod", FAIL),
        ({**OWN, "serverlessComputeSettings": {}}, "dev", FAIL),
        (
            {**OWN, "serverlessComputeSettings": {"serverlessComputeCustomSubnet": UNKNOWN}},
            "dev",
            PASS,
        ),
        ({**OWN, "managedNetwork": UNKNOWN}, "dev", UNDECIDED),
    ],
)
def test_a_subnet_of_ones_own_stands_for_the_managed_network_where_that_is_allowed(
    props, stack, verdict
):
    assert evaluate(ml.managed_network, props, stack=stack) == verdict


def test_a_workspace_without_a_managed_network_fails_and_an_unknown_one_is_undecided():
    assert evaluate(ml.managed_network, {}) == FAIL
    assert evaluate(ml.managed_network, {"managedNetwork": UNKNOWN}) == UNDECIDED


USER = {"type": "UserAssigned", "userAssignedIdentities": ["/subscriptions/s/x"]}


@pytest.mark.parametrize(
    ("props", "verdict"),
    [
        ({"identity": USER, "primaryUserAssignedIdentity": "/x"}, PASS),
        ({"identity": USER, "primaryUserAssignedIdentity": UNKNOWN}, PASS),
        (
            {
                "identity": {**USER, "userAssignedIdentities": {"/x": {}}},
                "primaryUserAssignedIdentity": "/x",
            },
            PASS,
        ),
        (
            {
                "identity": {**USER, "userAssignedIdentities": [UNKNOWN]},
                "primaryUserAssignedIdentity": UNKNOWN,
            },
            PASS,
        ),
        (
            {
                "identity": {**USER, "type": "SystemAssigned,UserAssigned"},
                "primaryUserAssignedIdentity": "/x",
            },
            PASS,
        ),
        (
            {
                "identity": {**USER, "type": "systemAssigned, userAssigned"},
                "primaryUserAssignedIdentity": "/x",
            },
            PASS,
        ),
        ({"identity": USER}, FAIL),
        ({"identity": {"type": "UserAssigned"}, "primaryUserAssignedIdentity": "/x"}, FAIL),
        ({"identity": {"type": "SystemAssigned"}}, FAIL),
        ({"identity": None}, FAIL),
        ({}, FAIL),
        ({"identity": UNKNOWN, "primaryUserAssignedIdentity": "/x"}, UNDECIDED),
        ({"identity": UNKNOWN}, FAIL),
    ],
)
def test_a_workspace_has_an_identity_made_for_it(props, verdict):
    assert evaluate(ml.user_assigned_identity, props) == verdict


CLUSTER, INSTANCE = "AmlCompute", "ComputeInstance"
INNER = [
    (
        compute.no_public_ip,
        CLUSTER,
        {"enableNodePublicIp": False},
        {"enableNodePublicIp": True},
        FAIL,
    ),
    (compute.no_public_ip, INSTANCE, {"enableNodePublicIp": False}, {}, FAIL),
    (
        compute.no_remote_login,
        CLUSTER,
        {"remoteLoginPortPublicAccess": "disabled"},
        {"remoteLoginPortPublicAccess": "NotSpecified"},
        FAIL,
    ),
    (
        compute.no_ssh,
        INSTANCE,
        {"sshSettings": {"sshPublicAccess": "Disabled"}},
        {"sshSettings": {"sshPublicAccess": "Enabled"}},
        PASS,
    ),
    (
        compute.scales_to_zero,
        CLUSTER,
        {"scaleSettings": {"minNodeCount": 0.0, "maxNodeCount": 4.0}},
        {"scaleSettings": {"minNodeCount": 1.0}},
        PASS,
    ),
]


@pytest.mark.parametrize(("rule", "kind", "good", "bad", "absent"), INNER)
def test_a_compute_setting_has_a_verdict_for_every_value(rule, kind, good, bad, absent):
    def of(inner: object) -> dict:
        return {"properties": {"computeType": kind, "properties": inner}}

    assert evaluate(rule, of(good)) == PASS
    assert evaluate(rule, of(bad)) == FAIL
    assert evaluate(rule, of({})) == absent
    assert evaluate(rule, of(None)) == absent
    assert evaluate(rule, {"properties": {"computeType": kind}}) == absent
    assert evaluate(rule, of(UNKNOWN)) == UNDECIDED
    assert evaluate(rule, {"properties": UNKNOWN}) == UNDECIDED
    lower = {"properties": {"computeType": kind.lower(), "properties": bad}}
    assert evaluate(rule, lower) == FAIL
    other = "azure-native:machinelearningservices/v20240401:Compute"
    assert evaluate(rule, of(bad), type_token=other) == FAIL


@pytest.mark.parametrize(
    ("properties", "verdict"),
    [
        ({"computeType": CLUSTER, "disableLocalAuth": True}, PASS),
        ({"computeType": INSTANCE, "disableLocalAuth": True}, PASS),
        ({"computeType": CLUSTER, "disableLocalAuth": False}, FAIL),
        ({"computeType": CLUSTER, "disableLocalAuth": None}, FAIL),
        ({"computeType": CLUSTER}, FAIL),
        ({"computeType": CLUSTER, "disableLocalAuth": UNKNOWN}, UNDECIDED),
        ({"computeType": UNKNOWN}, UNDECIDED),
        # Whatever it is, it has no local login.
        ({"computeType": UNKNOWN, "disableLocalAuth": True}, PASS),
        ({"computeType": "Kubernetes"}, NOT_APPLICABLE),
        ({"computeType": "Databricks"}, NOT_APPLICABLE),
    ],
)
def test_only_clusters_and_instances_have_local_logins(properties, verdict):
    assert evaluate(compute.no_local_login, {"properties": properties}) == verdict


def test_rules_for_one_kind_of_compute_leave_the_other_alone():
    instance = {"properties": {"computeType": INSTANCE, "properties": {}}}
    cluster = {"properties": {"computeType": CLUSTER, "properties": {}}}
    assert evaluate(compute.no_remote_login, instance) == NOT_APPLICABLE
    assert evaluate(compute.scales_to_zero, instance) == NOT_APPLICABLE
    assert evaluate(compute.no_ssh, cluster) == NOT_APPLICABLE
