"""A request from body to answer: ids, what is collected, and that collecting cannot break it."""

import json

import pytest

from ml.serving import collecting, score, telemetry
from ml.serving.collecting import Collecting
from ml.serving.contract import Contract
from ml.serving.service import Service

BODY = json.dumps({"input_data": [{"x": 1.0}, {"x": 2.0}]})


class Kept:
    """A collection that remembers, or fails."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error, self.taken = error, []

    def collect(self, data: object, correlation_context: object = None) -> object:
        if self.error:
            raise self.error
        self.taken.append((data, correlation_context))
        return None


def service(collected: Collecting) -> Service:
    return Service(
        model="m",
        version="7",
        contract=Contract({"x": "double"}, {}),
        predict=lambda columns: [0.25 for _ in columns["x"]],
        collecting=collected,
        telemetry=telemetry.start({"model": "m"}, None),
        most_rows=5,
    )


def test_an_answer_names_its_model_and_the_callers_id():
    found = service(collecting.nothing()).answer(BODY, {"X-Ms-Client-Request-Id": "abc"})
    assert found.status == 200
    assert found.body == {
        "predictions": [0.25, 0.25],
        "model": "m",
        "model_version": "7",
        "correlation_id": "abc",
    }


def test_a_refusal_carries_the_problems_and_the_id():
    found = service(collecting.nothing()).answer(
        '{"input_data": [{"y": 1}]}', {"x-request-id": "i"}
    )
    assert (found.status, found.body["correlation_id"]) == (422, "i")
    assert [one["column"] for one in json.loads(json.dumps(found.body))["error"]["problems"]] == [
        "x",
        "y",
    ]


def test_inputs_and_outputs_are_collected_with_an_id_for_each_row():
    inputs, outputs = Kept(), Kept()
    on = Collecting(
        {"model_inputs": inputs, "model_outputs": outputs}, dict, str, lambda _name: None
    )
    service(on).answer(BODY, {"x-request-id": "r"})
    ((taken, context),) = inputs.taken
    assert taken == {"x": [1.0, 2.0], "request_id": ["r-0", "r-1"]}
    assert context == "r"
    ((scored, _),) = outputs.taken
    assert scored["request_id"] == ["r-0", "r-1"]
    assert scored["score"] == [0.25, 0.25]
    assert scored["model_version"] == ["7", "7"]


def test_the_callers_own_context_is_collected_and_not_scored():
    outputs = Kept()
    on = Collecting({"model_outputs": outputs}, dict, str, lambda _name: None)
    context = {"request_id": ["a", "b"], "entity": ["k", "l"]}
    body = json.dumps({"input_data": [{"x": 1}, {"x": 2}], "context": context})
    assert service(on).answer(body, {}).status == 200
    ((scored, _),) = outputs.taken
    assert (scored["request_id"], scored["entity"]) == (["a", "b"], ["k", "l"])


def test_a_collector_that_fails_is_counted_and_the_answer_stands():
    lost: list[str] = []
    on = Collecting({"model_inputs": Kept(OSError("disk full"))}, dict, str, lost.append)
    assert service(on).answer(BODY, {}).status == 200
    assert lost == ["model_inputs"]


def test_a_model_that_fails_is_not_hidden():
    broken = service(collecting.nothing())
    object.__setattr__(broken, "predict", lambda _columns: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        broken.answer(BODY, {})


def test_without_the_switch_nothing_is_collected():
    assert collecting.start({}, print).collections == {}
    assert collecting.start({"AZUREML_MDC_ENABLED": "false"}, print).collections == {}


def test_the_entry_script_says_what_the_inference_server_calls():
    assert callable(score.init)
    names = score.run.__code__.co_varnames[: score.run.__code__.co_argcount]
    assert names == ("data", "request_headers")
