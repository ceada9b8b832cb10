"""Model cards: complete, true to the measures, and the same for the same model."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import mlflow_model
from ml.cards import plots, words, writing
from ml.cards.calibration import BINS, reliability
from ml.errors import TaskError
from ml.steps.card import card_of, verdict_in
from ml.steps.evaluate import evaluate
from ml.steps.train import train

LINEAGE = {"data asset": "azureml:flights-raw:9b62", "environment": "azureml:e:1", "code": "abc"}


@pytest.fixture(scope="module")
def model(flights, made, tmp_path_factory):
    folder = tmp_path_factory.mktemp("model") / "model"
    train(flights, made.train, folder)
    return folder


@pytest.fixture(scope="module")
def measured(flights, made, model):
    return evaluate(flights, model, made.holdout)


@pytest.fixture(scope="module")
def verdict(model):
    rule = {"rule": "fairness", "outcome": "pass", "reason": "all 3 measures | as wanted"}
    return {
        "outcome": "pass",
        "policy_sha256": "ab" * 32,
        "model": {"content": {"digest": mlflow_model.digest(model)}},
        "results": [rule],
    }


@pytest.fixture(scope="module")
def card(flights, made, model, measured, verdict):
    return card_of(
        flights,
        words.read("flights"),
        model=model,
        measured=measured,
        holdout=made.holdout,
        verdict=verdict,
        lineage=LINEAGE,
    )


@pytest.fixture(scope="module")
def folder(card, tmp_path_factory):
    made = tmp_path_factory.mktemp("card")
    writing.write(card, made)
    return made


def test_the_card_says_all_that_a_reader_asks_for(folder, card, flights, measured):
    text = (folder / writing.MARKDOWN).read_text()
    for heading in ("Intended use", "Limits", "Performance", "Calibration", "Gate", "Data"):
        assert re.search(rf"^## {heading}", text, re.MULTILINE), heading
    assert all(limit in text for limit in card.words.limits)
    assert f"{measured.overall['auc']:.4f}" in text
    assert all(f"| {name} |" in text for name in flights.feature_names)
    assert "fairness | pass | all 3 measures / as wanted" in text
    assert all(value in text for value in LINEAGE.values())
    assert "period 2013-10" in text


def test_the_page_stands_alone_and_has_its_plots(folder, card):
    page = (folder / writing.HTML).read_text()
    assert page.count("<svg") == len(card.drawings) == page.count("</svg>")
    assert {"Calibration on the hold-out", "Performance by period"} <= set(card.drawings)
    assert "AUC by carrier" in card.drawings
    assert not re.search(r"<(script|link|img)\b", page)
    assert '<span class="badge pass">' in page


def test_the_same_model_gives_the_same_card(folder, card, tmp_path):
    writing.write(card, tmp_path)
    for name in (writing.MARKDOWN, writing.HTML):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_what_people_wrote_cannot_become_markup(card, tmp_path):
    said = card.words.model_copy(
        update={"intended_use": "<script>alert(1)</script> and more words"}
    )
    writing.write(replace(card, words=said), tmp_path)
    assert "<script>" not in (tmp_path / writing.HTML).read_text()


def test_a_verdict_on_another_model_is_refused(flights, made, model, measured, verdict):
    other = {**verdict, "model": {"content": {"digest": "00" * 32}}}
    with pytest.raises(TaskError, match=r"the verdict are of model 000000000000"):
        card_of(
            flights,
            words.read("flights"),
            model=model,
            measured=measured,
            holdout=made.holdout,
            verdict=other,
            lineage=LINEAGE,
        )


def test_a_folder_without_a_verdict_is_named(tmp_path):
    with pytest.raises(TaskError, match=r"has no verdict\.json"):
        verdict_in(tmp_path)
    (tmp_path / "verdict.json").write_text("{")
    with pytest.raises(TaskError, match="is no JSON"):
        verdict_in(tmp_path)
    (tmp_path / "verdict.json").write_text(json.dumps({"verdict": {"outcome": "fail"}}))
    assert verdict_in(tmp_path) == {"outcome": "fail"}


def test_a_task_without_words_or_with_wrong_ones_is_refused(tmp_path):
    with pytest.raises(TaskError, match=r"has no card\.yaml; write down its intended use"):
        words.read(tmp_path)
    (tmp_path / "card.yaml").write_text("title: T\nlimit: []\n")
    with pytest.raises(TaskError, match=r"(?s)intended_use.*limit: Extra inputs"):
        words.read(tmp_path)


@given(
    scores=st.lists(st.floats(0, 1), min_size=1, max_size=200),
    seed=st.integers(0, 99),
)
def test_every_row_is_in_one_decile_and_scores_rise(scores, seed):
    score = np.asarray(scores)
    label = np.random.default_rng(seed).integers(0, 2, len(score))
    bins = reliability(label, score)
    assert sum(each.rows for each in bins) == len(score)
    assert len(bins) <= BINS
    said = [each.said for each in bins]
    assert said == sorted(said)
    total = sum(each.rows * each.happened for each in bins)
    assert total == pytest.approx(label.sum())


def test_plots_show_every_group_and_leave_out_what_was_not_measured():
    drawn = plots.by_group({"UA": {"auc": 0.7}, "HA": {"rows": 3}}, "auc", 0.69)
    assert ">UA<" in drawn
    assert ">HA<" not in drawn
