"""Would training help? Shown on days whose rows depend on each other."""

import json

import numpy as np
import pytest

from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.retraining.helping import answer
from ml.retraining.policy import Help, Undecided, load
from ml.steps import would_help as step
from ml.steps.train import train

HELP = Help()
A_DAY = 200


def month(seed, *, gain, days=30):
    """Return days, labels and the scores of two models; the second is nearer by about `gain`."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange("2013-04-01", days, dtype="datetime64[D]"), A_DAY)
    chance = np.clip(np.repeat(rng.beta(2, 6, days), A_DAY) + rng.normal(0, 0.05, len(day)), 0, 1)
    label = rng.random(len(day)) < chance
    blurred = [chance + rng.normal(0, spread, len(day)) for spread in (0.1 + gain, 0.1)]
    return day, label, *(np.clip(score, 0, 1) for score in blurred)


@pytest.mark.parametrize(
    ("gain", "outcome", "said"),
    [
        (0.1, Outcome.PASS, "would help"),
        (-0.09, Outcome.FAIL, "would make it worse"),
        (0.0, Outcome.INCONCLUSIVE, "not known"),
    ],
)
def test_what_would_help_is_told_from_what_would_not(gain, outcome, said):
    found = answer(HELP, *month(1, gain=gain))
    assert found.outcome is outcome
    assert said in found.reason
    assert found.numbers["brier.days"] == 30


def test_a_few_days_say_nothing_however_good_they_were():
    found = answer(HELP, *month(1, gain=0.2, days=13))
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "14 whole days" in found.reason


def test_models_that_are_alike_seldom_get_a_wrong_answer():
    """Bad days hit both models; 600 pairs that are equally good, and a wrong answer at most 5 %."""
    rng = np.random.default_rng(7)
    day = np.repeat(np.arange("2013-04-01", 30, dtype="datetime64[D]"), 20)
    wrong = {Outcome.PASS: 0, Outcome.FAIL: 0}
    for _ in range(600):
        weather = np.repeat(rng.normal(0, 0.1, 30), 20)
        label = rng.random(len(day)) < np.clip(0.25 + weather, 0, 1)
        scores = [
            np.clip(0.25 + share * weather + rng.normal(0, 0.05, len(day)), 0, 1)
            for share in rng.permutation([0.4, 0.6])
        ]
        # Which of the two knows more of the weather is a coin's toss each month.
        sign = rng.choice([-1, 1], 30).repeat(20)
        swapped = np.where(sign > 0, scores[0], scores[1]), np.where(sign > 0, scores[1], scores[0])
        found = answer(HELP, day, label, *swapped).outcome
        if found in wrong:
            wrong[found] += 1
    assert max(wrong.values()) <= 600 * HELP.alpha


@pytest.fixture(scope="module")
def model(flights, made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("would-help") / "model"
    train(flights, made.train, folder)
    return folder


def test_the_step_compares_on_the_hold_out_and_writes_what_it_found(model, made, tmp_path):
    given = {"model": model, "champion": model, "holdout": made.holdout, "answer": tmp_path}
    words = [word for name, path in given.items() for word in (f"--{name}", str(path))]
    step.main(["--task", "flights", *words])
    found = json.loads((tmp_path / step.ANSWER).read_text())
    assert found["outcome"] == Outcome.INCONCLUSIVE
    assert found["numbers"]["brier.gain"] == 0
    assert found["numbers"]["brier.days"] > 27


def test_a_task_that_asks_no_such_question_is_told_where_to_write_it(model, made):
    with pytest.raises(TaskError, match=r"employment/retrain\.yaml does not say how to ask"):
        step.would_help("employment", model, made.holdout, model)


def test_a_model_that_has_seen_the_rows_is_not_compared_on_them(flights, made, tmp_path):
    train(flights, made.train, tmp_path / "model")
    lineage = next((tmp_path / "model").rglob("lineage.json"))
    text = json.loads(lineage.read_text())
    text["train_periods"] = ["2013-01", "2013-12"]
    lineage.write_text(json.dumps(text))
    with pytest.raises(TaskError):
        step.would_help("flights", tmp_path / "model", made.holdout, tmp_path / "model")


def test_the_policy_says_how_to_ask():
    found = load("flights").help
    assert found is not None
    assert (found.zone, found.undecided) == ("America/New_York", Undecided.KEEP)
    assert load("employment").help is None


def test_a_zone_that_is_none_is_refused(tmp_path):
    (tmp_path / "retrain.yaml").write_text(
        "triggers: [drift]\nbudget: {trainings: 1, hours: 1}\n"
        "help: {zone: Mars/Olympus, alpha: 1}\n"
    )
    with pytest.raises(TaskError, match="Mars/Olympus") as caught:
        load(tmp_path)
    assert "help.alpha" in str(caught.value)
