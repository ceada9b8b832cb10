"""Endpoints: private, without keys, and never the owners of their traffic."""

import json
from types import SimpleNamespace

import pulumi
import pytest

from infra import live_traffic
from infra.__main__ import main
from infra.live_traffic import online_traffic
from infra.naming import Names
from tests.infra.recorder import SUBSCRIPTION, Recording, record
from tests.infra.stacks import PROJECT, stack_config

ENDPOINT = Names(
    subscription=SUBSCRIPTION,
    project=PROJECT,
    environment="dev",
    workload="mlops",
    region="westeurope",
).endpoint("flights")
BATCH = ENDPOINT.replace("flights", "retrain")


def dev(endpoints: dict[str, dict] | None = None) -> Recording:
    return record(main, config=stack_config("dev"), endpoints=endpoints)


@pytest.fixture(scope="module")
def moved() -> Recording:
    """Dev after a release has put nine tenths of the traffic on blue."""
    online = {
        "traffic": {"blue": 90, "green": 10},
        "mirrorTraffic": {"shadow": 5},
        "tags": {"release_split_salt": "r7", "release_split_share": "20", "owner": "nobody"},
    }
    return dev({ENDPOINT: online, BATCH: {"defaults": {"deploymentName": "v7"}}})


def test_a_new_endpoint_has_no_traffic_no_keys_and_no_public_address():
    endpoint = dev().one("machinelearningservices:OnlineEndpoint").inputs
    assert endpoint["properties"]["authMode"] == "AADToken"
    assert endpoint["properties"]["publicNetworkAccess"] == "Disabled"
    assert endpoint["properties"]["traffic"] == {}
    assert endpoint["identity"]["type"] == "UserAssigned"


def test_an_update_sends_back_the_traffic_that_a_release_has_set(moved):
    properties = moved.one("machinelearningservices:OnlineEndpoint").inputs["properties"]
    assert properties["traffic"] == {"blue": 90, "green": 10}
    assert properties["mirrorTraffic"] == {"shadow": 5}


def test_an_update_keeps_the_split_that_a_release_has_written_into_tags(moved):
    tags = moved.one("machinelearningservices:OnlineEndpoint").inputs["tags"]
    assert (tags["release_split_salt"], tags["release_split_share"]) == ("r7", "20")
    assert tags["owner"] != "nobody"
    first = dev().one("machinelearningservices:OnlineEndpoint").inputs["tags"]
    assert "release_split_salt" not in first
    assert first["environment"] == "dev"


def test_an_update_sends_back_the_default_deployment_of_a_batch_endpoint(moved):
    properties = moved.one("machinelearningservices:BatchEndpoint").inputs["properties"]
    assert properties["defaults"] == {"deploymentName": "v7"}


def test_a_first_deployment_finds_its_grants_made(moved):
    endpoint = moved.one("machinelearningservices:OnlineEndpoint")
    assert any("endpoint-flights-acr-pull" in urn for urn in endpoint.depends_on)


def _refused(**_: object) -> None:
    raise RuntimeError('Status=403 Code="AuthorizationFailed"')


@pytest.mark.parametrize(
    "workspace",
    [
        pytest.param(_refused, id="the workspace neither"),
        pytest.param(
            lambda **_: SimpleNamespace(
                public_network_access="Disabled", private_endpoint_connections=[object()]
            ),
            id="a private endpoint leads to it",
        ),
        pytest.param(
            lambda **_: SimpleNamespace(
                public_network_access="Enabled", private_endpoint_connections=[]
            ),
            id="its workspace is open",
        ),
    ],
)
def test_an_endpoint_that_cannot_be_read_stops_the_program(monkeypatch, workspace):
    monkeypatch.setattr(live_traffic.ml, "get_online_endpoint", _refused)
    monkeypatch.setattr(live_traffic.ml, "get_workspace", workspace)
    with pytest.raises(pulumi.RunError, match=r"endpoint flights.*AuthorizationFailed.*fix:"):
        online_traffic("rg", "mlw", "flights")


def test_a_workspace_that_nothing_leads_to_yet_has_no_endpoints(monkeypatch):
    unreached = SimpleNamespace(public_network_access="Disabled", private_endpoint_connections=[])
    monkeypatch.setattr(live_traffic.ml, "get_online_endpoint", _refused)
    monkeypatch.setattr(live_traffic.ml, "get_workspace", lambda **_: unreached)
    assert online_traffic("rg", "mlw", "flights").traffic == {}


def test_endpoints_of_all_stacks_and_regions_have_names_of_their_own(recordings):
    names = [
        r.inputs["endpointName"]
        for made in recordings.values()
        for r in made.azure
        if r.type.endswith(("OnlineEndpoint", "BatchEndpoint"))
    ]
    assert len(set(names)) == len(names) == 11
    assert all(len(name) <= 32 for name in names)


def test_without_tasks_there_are_no_endpoints():
    given = {f"{PROJECT}:serving": json.dumps({"online": [], "batch": []})}
    made = record(main, config={**stack_config("dev"), **given})
    assert not [r for r in made.azure if "Endpoint" in r.type and "machinelearning" in r.type]
