"""What the collector writes, what it does when it cannot, and faults that outlive a restart."""

import json
from typing import Any, cast

import httpx
import pytest

from emulator.arm.store import Store
from emulator.azureml.places import Place
from emulator.blob.storage import BlobStorage
from emulator.serving.collector import Collector
from emulator.serving.faults import Faults

ID = (
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w"
    "/onlineEndpoints/flights/deployments/blue"
)
JULY = 1372636800.0 + 5 * 3600  # 2013-07-01 at 05:00 in UTC
HEADERS = {
    "ce-type": "azureml.inference.model_inputs",
    "ce-x-request-id": "abc",
    "ce-agent": "azureml-ai-monitoring/1.0.0",
    "content-type": "application/json",
}


class Anywhere:
    """Finds every address in one container."""

    def locate(self, uri: str) -> Place:
        return Place("store", "box", uri.partition("/paths/")[2])


@pytest.fixture
def started(tmp_path):
    """A collector, what it counts, its blobs, and a switch for its disk."""
    store = Store(tmp_path / "state.db")
    blobs = BlobStorage(store, tmp_path / "blobs")
    blobs.create_container("store", "box")
    counted: list[tuple[str, str | None]] = []
    full = [False]
    properties = {"dataCollector": {"rollingRate": "Hour", "collections": {"model_inputs": {}}}}
    collector = Collector(
        deployment={"id": ID, "properties": properties},
        places=cast("Any", Anywhere()),
        blobs=blobs,
        now=lambda: JULY,
        full=lambda: full[0],
        count=lambda name, why: counted.append((name, why)),
    )
    yield collector, counted, blobs, full
    store.close()


def send(collector: Collector, body: str) -> int:
    address = collector.variables
    url = f"http://{address['AZUREML_MDC_HOST']}:{address['AZUREML_MDC_PORT']}/modeldata/log"
    with httpx.Client(trust_env=False) as client:
        return client.post(url, headers=HEADERS, content=body).status_code


def test_payloads_are_lines_in_azures_folders(started):
    collector, counted, blobs, _ = started
    assert [send(collector, json.dumps([{"x": n}])) for n in range(2)] == [200, 200]
    collector.close()
    (blob,) = blobs.list("store", "box")
    folder = "modelDataCollector/flights/blue/model_inputs/2013/07/01/05/"
    assert blob.name.startswith(folder)
    assert blob.name.endswith(".jsonl")
    lines = [json.loads(line) for line in blobs.content(blob).read_text().splitlines()]
    assert [line["data"] for line in lines] == [[{"x": 0}], [{"x": 1}]]
    assert lines[0]["time"] == "2013-07-01T05:00:00Z"
    assert (lines[0]["correlationid"], lines[0]["source"]) == ("abc", ID)
    assert counted == [("model_inputs", None)] * 2


def test_a_full_disk_refuses_and_is_counted_with_its_reason(started):
    collector, counted, blobs, full = started
    full[0] = True
    assert send(collector, "[]") == 507
    full[0] = False
    assert send(collector, "[]") == 200
    collector.close()
    assert counted == [("model_inputs", "DiskFull"), ("model_inputs", None)]
    assert len(blobs.list("store", "box")) == 1


def test_what_is_no_json_is_refused(started):
    collector, counted, _, _ = started
    assert send(collector, "{") == 400
    collector.close()
    assert counted == [("model_inputs", "InvalidPayload")]


def test_faults_are_used_up_and_outlive_a_restart(tmp_path):
    file = tmp_path / "faults.json"
    first = Faults(file)
    first.add("throttle", "/Flights", 2)
    first.add("never-ready", "blue")
    assert first.take("throttle", "/x/flights/y")
    again = Faults(file)
    assert again.take("throttle", "/flights")
    assert not again.take("throttle", "/flights")
    assert again.active("never-ready", "BLUE")
    assert again.clear() == 1
    assert not again.active("never-ready", "blue")


@pytest.mark.parametrize(("kind", "times"), [("rain", None), ("throttle", 0)])
def test_a_fault_that_makes_no_sense_is_refused(tmp_path, kind, times):
    with pytest.raises(ValueError, match=r"rain|times is 0"):
        Faults(tmp_path / "faults.json").add(kind, "x", times)
