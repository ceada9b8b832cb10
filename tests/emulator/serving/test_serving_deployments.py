"""Deployments and the traffic to them, as ARM checks them before anything is started."""

import anyio
import pytest

from emulator.arm import plane
from emulator.arm.errors import ArmError
from emulator.arm.ids import ArmId
from emulator.serving import control, keys
from emulator.serving.control import LostReply
from tests.emulator.serving.conftest import CODE, ENDPOINT, ENVIRONMENT


def deployment(capacity: int = 1, **properties) -> dict:
    return {
        "location": "westeurope",
        "sku": {"name": "Default", "capacity": capacity},
        "properties": {
            "endpointComputeType": "Managed",
            "instanceType": "Standard_DS3_v2",
            "environmentId": ENVIRONMENT,
            "codeConfiguration": {"codeId": CODE, "scoringScript": "score.py"},
        }
        | properties,
    }


def settle(world, name: str, state: str = "Succeeded") -> None:
    found = world.store.get(f"{ENDPOINT}/deployments/{name}")
    found["properties"]["provisioningState"] = state
    world.store.put(found)


def add(world, *names: str) -> None:
    for name in names:
        world.put(f"{ENDPOINT}/deployments/{name}", deployment())
        settle(world, name)


def endpoint(traffic: dict, mirror: dict | None = None) -> dict:
    properties = {"authMode": "Key", "traffic": traffic, "mirrorTraffic": mirror or {}}
    return {"location": "westeurope", "properties": properties}


def test_a_new_deployment_is_being_created_and_gets_azures_defaults(world):
    made = world.put(f"{ENDPOINT}/deployments/blue", deployment())["properties"]
    assert made["provisioningState"] == "Creating"
    assert made["requestSettings"]["requestTimeout"] == "PT5S"
    assert made["scaleSettings"] == {"scaleType": "Default"}
    assert world.services.azureml.serving.deployed == ["blue"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (deployment(instanceType=None), "instanceType is missing"),
        (deployment(capacity=0), "sku.capacity is 0"),
        (deployment(endpointComputeType="Kubernetes"), "the endpoint's deployments are Managed"),
        (deployment(codeConfiguration={}), "no codeConfiguration"),
        (deployment(codeConfiguration={"codeId": f"{CODE}9", "scoringScript": "s"}), "not found"),
        (deployment(environmentId=f"{ENVIRONMENT}9"), "is not in the workspace"),
        (
            deployment(dataCollector={"collections": {"x": {"samplingRate": 2}}}),
            "samplingRate is 2",
        ),
    ],
)
def test_what_could_not_run_is_refused(world, body, told):
    with pytest.raises(ArmError, match=told):
        world.put(f"{ENDPOINT}/deployments/blue", body)
    assert world.services.azureml.serving.deployed == []


def test_the_same_body_again_starts_nothing_and_another_number_only_scales(world):
    add(world, "blue")
    serving = world.services.azureml.serving
    world.put(f"{ENDPOINT}/deployments/blue", deployment())
    assert (serving.deployed, serving.scaled) == (["blue"], [])
    world.put(f"{ENDPOINT}/deployments/blue", deployment(capacity=3))
    assert (serving.deployed, serving.scaled) == (["blue"], [3])
    changed = world.put(f"{ENDPOINT}/deployments/blue", deployment(environmentVariables={"A": "1"}))
    assert changed["properties"]["provisioningState"] == "Updating"
    assert serving.deployed == ["blue", "blue"]


def test_a_deployment_that_is_not_ready_gets_no_traffic(world):
    add(world, "blue", "green")
    settle(world, "green", "Failed")
    with pytest.raises(ArmError, match="green, whose provisioningState is Failed"):
        world.put(ENDPOINT, endpoint({"blue": 90, "green": 10}))
    world.put(ENDPOINT, endpoint({"blue": 100}))
    settle(world, "blue", "Updating")
    kept = world.put(ENDPOINT, endpoint({"blue": 100}) | {"tags": {"a": "b"}})
    assert kept["properties"]["traffic"] == {"blue": 100}


@pytest.mark.parametrize(
    ("traffic", "mirror", "told"),
    [
        ({"blue": 50}, {}, "sums up to 50"),
        ({"red": 100}, {}, "which the endpoint does not have"),
        ({"blue": 100}, {"green": 60}, "at most 50"),
        ({"blue": 100}, {"green": 10, "pink": 10}, "one deployment"),
        ({"blue": 100}, {"blue": 10}, "live and mirrored"),
    ],
)
def test_azures_rules_of_traffic_hold(world, traffic, mirror, told):
    add(world, "blue", "green", "pink")
    with pytest.raises(ArmError, match=told):
        world.put(ENDPOINT, endpoint(traffic, mirror))


@pytest.mark.parametrize("shares", [({"blue": 100}, {}), ({}, {"blue": 10})])
def test_a_deployment_with_traffic_is_not_deleted(world, shares):
    add(world, "blue")
    world.put(ENDPOINT, endpoint(*shares))
    with pytest.raises(ArmError, match="set it to 0 before"):
        plane.delete(world.context, ArmId.parse(f"{ENDPOINT}/deployments/blue"))
    world.put(ENDPOINT, endpoint({"blue": 0}))
    assert plane.delete(world.context, ArmId.parse(f"{ENDPOINT}/deployments/blue"))
    assert world.services.azureml.serving.removed == ["blue"]
    assert world.store.get(ENDPOINT)["properties"]["traffic"] == {}


def test_an_endpoints_keys_are_its_own_and_can_be_made_anew(world):
    found = world.store.get(ENDPOINT)
    first = keys.listed(world.context, found, {})
    keys.regenerated(world.context, found, {"keyType": "primary"})
    second = keys.listed(world.context, found, {})
    assert first["primaryKey"] != second["primaryKey"]
    assert first["secondaryKey"] == second["secondaryKey"]
    assert keys.opens(world.store, ENDPOINT, second["primaryKey"])
    assert not keys.opens(world.store, ENDPOINT, first["primaryKey"])


def test_an_endpoint_with_entra_has_no_keys(world):
    other = f"{ENDPOINT}2"
    world.put(other, {"location": "westeurope", "properties": {"authMode": "AADToken"}})
    with pytest.raises(ArmError, match="so it has no keys"):
        keys.listed(world.context, world.store.get(other), {})


def test_a_write_of_a_deployment_names_the_operation_to_poll(world):
    id_ = f"{ENDPOINT}/deployments/blue"
    sent = {"api-version": "2024-10-01"}
    answer = anyio.run(control.handle, world.request("PUT", id_, deployment(), **sent))
    assert answer is not None
    assert answer.status_code == 201
    assert answer.headers["azure-asyncoperation"].endswith(
        "/deployments/blue/operationsStatus/op?api-version=2024-10-01"
    )
    assert answer.headers["retry-after"] == "1"


def test_a_storm_of_429_ends_when_it_is_used_up(world):
    world.services.azureml.serving.faults.add("throttle", "/onlineendpoints/flights", 2)
    asked = world.request("GET", ENDPOINT)
    first, second, third = (anyio.run(control.handle, asked) for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is None
    assert (first.status_code, second.status_code) == (429, 429)
    assert first.headers["retry-after"] == "1"


def test_a_lost_reply_leaves_the_work_done(world):
    add(world, "blue")
    world.services.azureml.serving.faults.add("lost-reply", "/onlineendpoints/flights", 1)
    answer = anyio.run(control.handle, world.request("PUT", ENDPOINT, endpoint({"blue": 100})))
    assert isinstance(answer, LostReply)
    assert world.store.get(ENDPOINT)["properties"]["traffic"] == {"blue": 100}
