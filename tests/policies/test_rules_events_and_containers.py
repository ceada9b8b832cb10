"""Rules for Event Grid and for groups of containers."""

import pytest

from policies.engine.verdict import FAIL, PASS, UNDECIDED
from policies.rules import containers, event_grid
from tests.policies.asking import UNKNOWN, evaluate, token
from tests.policies.tables import Row, hold

ROWS = [
    *(
        Row(
            event_grid.public_network_off,
            "publicNetworkAccess",
            ["Disabled", "SecuredByPerimeter"],
            ["Enabled", ""],
            FAIL,
            kind=kind,
        )
        for kind in event_grid.public_network_off.types
    ),
    *(
        Row(event_grid.no_keys, "disableLocalAuth", [True, "true"], [False], FAIL, kind=kind)
        for kind in event_grid.no_keys.types
    ),
    Row(event_grid.min_tls, "minimumTlsVersionAllowed", ["1.2", "1.3"], ["1.0", "1.1"], FAIL),
    Row(
        event_grid.min_tls,
        "minimumTlsVersionAllowed",
        ["1.2"],
        ["1.0", "1.1"],
        PASS,
        kind=event_grid.NAMESPACE,
    ),
    Row(containers.no_public_address, "ipAddress.type", ["Private"], ["Public", ""], PASS),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row} of {row.kind}")
def test_a_property_has_a_verdict_in_every_state(row):
    hold(row)


@pytest.mark.parametrize(
    ("props", "verdict"),
    [
        ({}, PASS),
        ({"destination": {"endpointType": "StorageQueue"}}, FAIL),
        ({"destination": {"endpointType": "servicebusqueue"}}, FAIL),
        ({"destination": {"endpointType": "AzureFunction"}}, PASS),
        ({"destination": {"endpointType": UNKNOWN}}, UNDECIDED),
        ({"destination": UNKNOWN}, UNDECIDED),
        ({"destination": None}, PASS),
        ({"destination": {"endpointType": "WebHook", "endpointUrl": "https://a"}}, PASS),
        ({"destination": {"endpointType": "webhook", "endpointUrl": "HTTPS://a"}}, PASS),
        ({"destination": {"endpointType": "WebHook", "endpointUrl": "http://a"}}, FAIL),
        ({"destination": {"endpointType": "WebHook", "endpointUrl": UNKNOWN}}, UNDECIDED),
        ({"destination": {"endpointType": UNKNOWN, "endpointUrl": "https://a"}}, UNDECIDED),
        (
            {"deliveryWithResourceIdentity": {"destination": {"endpointType": "StorageQueue"}}},
            PASS,
        ),
        ({"deliveryWithResourceIdentity": UNKNOWN}, UNDECIDED),
    ],
)
@pytest.mark.parametrize("kind", event_grid.SUBSCRIPTIONS)
def test_events_are_brought_as_an_identity(props, verdict, kind):
    rule = event_grid.delivers_as_identity
    assert evaluate(rule, props, type_token=token(kind)) == verdict


@pytest.mark.parametrize("key", ["containers", "initContainers"])
@pytest.mark.parametrize(
    ("variable", "verdict"),
    [
        ({"name": "LOG_LEVEL", "value": "debug"}, PASS),
        ({"name": "DB_PASSWORD", "value": "hunter2"}, FAIL),
        ({"name": "db-password", "value": "hunter2"}, FAIL),
        ({"name": "APP_API_KEY", "value": "hunter2"}, FAIL),
        ({"name": "DB_PASSWORD", "secureValue": "hunter2"}, PASS),
        ({"name": "DB_PASSWORD", "value": ""}, PASS),
        ({"name": "DB_PASSWORD", "value": None}, PASS),
        ({"name": "DB_PASSWORD", "value": UNKNOWN}, UNDECIDED),
        ({"name": UNKNOWN, "value": "x"}, UNDECIDED),
        ({"name": UNKNOWN, "secureValue": "x"}, PASS),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_secret_variables_are_hidden(variable, verdict, key):
    first = {"name": "a", "environmentVariables": [{"name": "A", "value": "b"}]}
    props = {key: [first, {"name": "b", "environmentVariables": [variable]}]}
    assert evaluate(containers.secrets, props) == verdict


@pytest.mark.parametrize(
    ("login", "verdict"),
    [
        ({"server": "s", "identity": "/id"}, PASS),
        ({"server": "s", "username": "u", "password": "p"}, FAIL),
        ({"server": "s", "password": UNKNOWN}, UNDECIDED),
        ({"server": "s", "password": None}, PASS),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_images_are_pulled_as_an_identity(login, verdict):
    assert evaluate(containers.secrets, {"imageRegistryCredentials": [login]}) == verdict


@pytest.mark.parametrize(
    ("context", "verdict"),
    [
        ({}, PASS),
        (None, PASS),
        ({"privileged": False}, PASS),
        ({"privileged": True}, FAIL),
        ({"privileged": UNKNOWN}, UNDECIDED),
        (UNKNOWN, UNDECIDED),
    ],
)
def test_containers_have_no_privileges(context, verdict):
    for key in ("containers", "initContainers"):
        props = {key: [{"name": "a"}, {"name": "b", "securityContext": context}]}
        assert evaluate(containers.no_privileges, props) == verdict
    assert evaluate(containers.no_privileges, {"containers": UNKNOWN}) == UNDECIDED
    assert evaluate(containers.no_privileges, {}) == PASS
