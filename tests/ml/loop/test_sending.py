"""What is sent for a day, what counts as failed, and labels where they are looked for."""

import json
from datetime import date

import httpx
import pytest

from ml.collected import Columns
from ml.errors import PlatformError
from ml.loop.sending import NOBODY, Answered, Sender, deliver
from ml.loop.year import Day

DAY = Day(
    day=date(2013, 7, 1),
    ids=("a", "b", "c"),
    times=("2013-07-01T09:00:00+00:00",) * 3,
    columns={"hour": [5.0, 6.0, None], "origin": ["JFK", "EWR", "LGA"]},
    labels=(1, None, 0),
)


def sender(handler):
    client = httpx.Client(transport=httpx.MockTransport(handler))
    return Sender("https://e.inference/score", lambda: "token", "time_hour", 1, client)


def test_every_row_goes_once_with_its_id_and_the_moment_it_is_about():
    seen = []

    def answer(request):
        seen.append((request.headers["x-ms-client-request-id"], json.loads(request.content)))
        return httpx.Response(200, headers={"azureml-model-deployment": "blue"})

    found = sender(answer).send(DAY, 2)
    assert [(each.deployment, each.failed) for each in found] == [("blue", False)] * 2
    assert [name for name, _ in seen] == ["a", "c"]
    first, second = (body for _, body in seen)
    assert first["input_data"] == {
        "columns": ["hour", "origin"], "data": [[5.0, "JFK"], [6.0, "EWR"]],
    }  # fmt: skip
    assert second["input_data"]["data"] == [[None, "LGA"]]
    assert first["context"] == {
        "request_id": ["a", "b"], "time_hour": ["2013-07-01T09:00:00+00:00"] * 2,
    }  # fmt: skip


@pytest.mark.parametrize("status", [408, 424, 429, 500, 503])
def test_what_the_service_failed_is_counted_and_not_sent_again(status):
    calls = []

    def answer(request):
        calls.append(request)
        return httpx.Response(status, headers={"azureml-model-deployment": "green"})

    found = sender(answer).send(DAY, 3)
    assert [each.failed for each in found] == [True]
    assert len(calls) == 1


def test_no_answer_is_nobodys():
    def answer(request):
        raise httpx.ConnectError("refused", request=request)

    (found,) = sender(answer).send(DAY, 3)
    assert (found.deployment, found.status, found.failed) == (NOBODY, 0, True)


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_what_the_caller_did_wrong_stops_the_replay(status):
    with pytest.raises(PlatformError, match=f"refuses a request \\({status}\\): why"):
        sender(lambda _: httpx.Response(status, text="why")).send(DAY, 2)


def test_a_slow_success_is_no_failure():
    assert not Answered("blue", 200, 9999.0).failed


class Container:
    def __init__(self):
        self.blobs = {}

    def upload_blob(self, name, content, *, overwrite):
        assert overwrite
        self.blobs[name] = content


def test_labels_that_are_known_lie_below_the_day_they_are_about():
    container = Container()
    assert deliver(container, "flights", DAY, Columns()) == 2
    (content,) = container.blobs.values()
    assert list(container.blobs) == ["labels/flights/2013/07/01/labels.jsonl"]
    rows = [json.loads(line) for line in content.splitlines()]
    assert rows == [{"request_id": "a", "label": 1}, {"request_id": "c", "label": 0}]


def test_a_day_without_labels_leaves_nothing():
    container = Container()
    nothing = Day(DAY.day, DAY.ids, DAY.times, DAY.columns, (None, None, None))
    assert deliver(container, "flights", nothing, Columns()) == 0
    assert container.blobs == {}


def test_parts_of_a_day_are_all_of_it():
    parts = [DAY.part(0, 1), DAY.part(1, 3)]
    assert sum((part.ids for part in parts), ()) == DAY.ids
    assert [cell for part in parts for cell in part.columns["origin"]] == DAY.columns["origin"]
    assert len(parts[1]) == 2
