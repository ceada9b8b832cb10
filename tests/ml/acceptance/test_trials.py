"""What the tests of a deployment conclude, of the real contract and of one that breaks it."""

import json
from dataclasses import replace

import pytest

from ml.acceptance import cases, limits, trials
from ml.acceptance.document import TRIALS
from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.serving import contract as contracts
from ml.serving import score


def of(found, rule):
    return next(result for result in found.results if result.rule == rule)


def failed(result):
    return {finding.name: finding.note for finding in result.findings if finding.outcome != "pass"}


def test_a_sound_deployment_passes_all_tests(run, served):
    found = run()
    assert found.outcome is Outcome.PASS
    assert [result.rule for result in found.results] == list(TRIALS)
    assert len(served.asked) >= found.limits.requests


def test_the_result_names_model_place_code_times_and_figures(run, arrived):
    _, version = arrived
    found = run()
    assert (found.model.name, found.model.version) == ("flights-late", "3")
    assert found.model.verdict_sha256 == version.tags["verdict_sha256"]
    assert found.where.workspace.endswith("/workspaces/mlw-staging")
    assert found.code.sha256
    assert found.started < found.issued < found.expires
    assert {finding.name for finding in of(found, "load").findings} == {"error rate", "P95 in ms"}
    assert "pass for flights-late:3" in found.text


def test_the_limits_are_those_of_gate_and_rollout():
    found = limits.load("flights")
    assert (found.error_rate, found.latency_ms, found.quantile) == (0.01, 250, 0.95)
    assert (found.requests, found.valid_days) == (200, 30)


@pytest.mark.parametrize(
    ("part", "found", "named"),
    [
        ({"state": "Failed"}, "found Failed", "state"),
        ({"model": "azureml:/s/models/flights-late/versions/13"}, "versions/13", "serves"),
    ],
)
def test_a_deployment_that_is_not_up_or_serves_another_version_fails(
    run, served, part, found, named
):
    for name, value in part.items():
        setattr(served, name, value)
    assert found in failed(of(run(), "ready"))[named]


def test_a_deployment_that_never_answers_fails_and_does_not_hang(run, served):
    served.change = lambda _body, _answer: trials.Answer(503, 1.0)
    found = run()
    assert found.outcome is Outcome.FAIL
    assert failed(of(found, "ready")) == {"first answer": "the last answer was 503"}
    assert set(failed(of(found, "smoke"))) >= {"predictions", "version", "deployment"}


def test_every_kind_of_bad_request_is_tried(arrived):
    folder, _ = arrived
    contract, example = contracts.read(folder), cases.Example.read(folder)
    kinds = {case.kind for case in cases.bad(contract, example)}
    assert kinds == {
        *("no JSON", "no table", "no rows", "ragged row", "too many rows"),
        *("unknown column", "missing column", "wrong type"),
    }
    assert cases.TOO_MANY_ROWS == score._DEFAULT_MOST_ROWS + 1


def test_a_crash_over_a_bad_request_fails_behind_azures_424_too(run, served):
    served.change = lambda _body, answer: (
        replace(answer, model_status=500) if answer.model_status == 422 else answer
    )
    notes = failed(of(run(), "contract"))
    assert set(notes) == {"unknown column", "missing column", "wrong type"}
    assert "answered 500 (through 424), wanted is 422" in notes["wrong type"]


def test_a_refusal_that_names_another_column_fails(run, served):
    def change(_body, answer):
        text = json.dumps(answer.body).replace('"column": "hour"', '"column": "minute"')
        return replace(answer, body=json.loads(text))

    served.change = change
    assert "missing column hour: it names minute" in failed(of(run(), "contract"))["missing column"]


def test_a_refusal_without_a_word_fails(run, served):
    served.change = lambda _body, answer: (
        replace(answer, body={}) if answer.model_status else answer
    )
    assert "refused without a word" in failed(of(run(), "contract"))["no JSON"]


def test_a_bad_request_that_is_answered_fails(run, served):
    good = {"predictions": [0.5], "model": "m", "model_version": "3", "correlation_id": "c"}
    served.change = lambda _body, answer: trials.Answer(200, 1.0, good, None, served.name)
    found = run()
    assert "answered 200, wanted is 400" in failed(of(found, "contract"))["no JSON"]


def test_answers_that_differ_from_the_registered_models_fail(run, served):
    predict = served.service.predict
    served.service = replace(
        served.service, predict=lambda columns: [each + 1e-4 for each in predict(columns)]
    )
    assert set(failed(of(run(), "smoke"))) == {"predictions", "rows alone", "empty cells"}


def test_another_version_or_deployment_that_answers_fails(run, served):
    served.service = replace(served.service, version="2")
    served.change = lambda _body, answer: replace(answer, deployment="blue")
    assert failed(of(run(), "smoke")) == {
        "version": "found flights-late:2",
        "deployment": "found blue",
    }


@pytest.mark.parametrize(("every", "outcome"), [(101, Outcome.PASS), (50, Outcome.FAIL)])
def test_the_error_rate_decides_the_load_test(every, outcome, arrived, served):
    example = cases.Example.read(arrived[0])
    counted = iter(range(1000))
    served.change = lambda _body, answer: (
        trials.Answer(0, 1.0) if next(counted) % every == every - 1 else answer
    )
    found = trials.load(served, example, limits.load("flights"))
    assert found.outcome is outcome
    if outcome is Outcome.FAIL:
        assert "nothing at all" in found.reason


def test_slow_answers_fail_the_load_test(arrived, served):
    served.change = lambda _body, answer: replace(answer, ms=300.0)
    found = trials.load(served, cases.Example.read(arrived[0]), limits.load("flights"))
    said = "P95 in ms 300, wanted at most 250, 4 at once: fastest of 3 round(s)"
    assert found.reason == said


def test_a_machine_that_is_busy_for_a_while_is_no_slow_model_but_its_errors_count(arrived, served):
    counted = iter(range(1000))

    def change(_body, answer):
        at = next(counted)
        return trials.Answer(503, 900.0) if at < 5 else replace(answer, ms=900.0 * (at < 200))

    served.change = change
    found = trials.load(served, cases.Example.read(arrived[0]), limits.load("flights"))
    assert found.reason == "error rate 0.0125, wanted at most 0.01 of 400: 503"


def test_files_of_another_model_are_not_tested(run):
    with pytest.raises(TaskError, match="registered as flights-late:3 is 000"):
        run(digest="0" * 64)


def test_a_model_without_an_example_cannot_be_tested(arrived):
    (arrived[0] / cases.EXAMPLE).unlink()
    with pytest.raises(TaskError, match="holds no input_example"):
        cases.Example.read(arrived[0])
