"""Endpoints: their names and shapes are checked."""

import pytest

from emulator.arm.errors import ArmError
from tests.emulator.azureml_world import WORKSPACE

ONLINE = f"{WORKSPACE}/onlineEndpoints"
BATCH = f"{WORKSPACE}/batchEndpoints"


def endpoint(**properties) -> dict:
    return {"location": "westeurope", "properties": {"authMode": "key"} | properties}


def test_an_endpoint_gets_its_addresses(world):
    made = world.put(f"{ONLINE}/flights", endpoint())["properties"]
    assert made["scoringUri"] == "https://flights.westeurope.inference.ml.azure.com/score"
    assert (made["authMode"], made["traffic"], made["mirrorTraffic"]) == ("Key", {}, {})


@pytest.mark.parametrize(
    ("id_", "body", "message"),
    [
        (f"{ONLINE}/9x-", endpoint(), "a letter first"),
        (f"{ONLINE}/flights", endpoint(authMode="None"), "give one of Key"),
        (f"{ONLINE}/flights", endpoint(traffic={"blue": 100}), "which the endpoint does not have"),
        (f"{BATCH}/score", endpoint(), "give one of AADToken"),
    ],
)
def test_what_azure_would_refuse_is_refused(world, id_, body, message):
    with pytest.raises(ArmError, match=message):
        world.put(id_, body)


def test_the_way_of_signing_in_stays(world):
    world.put(f"{ONLINE}/flights", endpoint())
    with pytest.raises(ArmError, match="cannot be changed"):
        world.put(f"{ONLINE}/flights", endpoint(authMode="AADToken"))
