"""The rollout policy: what it refuses, and that each mistake is named."""

from pathlib import Path

import pytest
import yaml

from ml import task as tasks
from ml.release import policy
from ml.release.errors import ReleaseError

FLIGHTS = tasks.TASKS / "flights" / policy.NAME


@pytest.fixture
def document():
    return yaml.safe_load(FLIGHTS.read_text(encoding="utf-8"))


def _parsed(document: dict) -> policy.Policy:
    return policy.parse(yaml.safe_dump(document))


def _refusal(document: dict) -> str:
    with pytest.raises(ReleaseError) as found:
        _parsed(document)
    return str(found.value)


def test_the_policy_of_flights_is_valid_and_known_by_its_digest(document):
    found = policy.load("flights")
    assert found.digest == _parsed(document).digest
    assert [stage.kind for stage in found.stages] == ["shadow", "canary", "canary"]
    document["warm_days"] = 8
    assert found.digest != _parsed(document).digest


def test_a_task_without_a_policy_releases_nothing(tmp_path: Path):
    with pytest.raises(ReleaseError, match=r"has no rollout\.yaml"):
        policy.load(tmp_path)


def test_what_is_no_yaml_is_refused():
    with pytest.raises(ReleaseError, match="is no YAML"):
        policy.parse("a: [")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"startegy": "canary"}, "startegy"),
        ({"rates": {"promote": 0.6}}, "rates.promote"),
        ({"strategy": "blue_green"}, "strategy blue_green has no stage canary"),
        ({"strategy": "ab"}, "strategy ab needs a stage ab"),
    ],
)
def test_mistakes_are_named(document, changes, words):
    assert words in _refusal({**document, **changes})


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ([], "at least 1 item"),
        ([{"kind": "canary", "share": 10, "max_days": 3}], "set decides: true"),
        (
            [
                {"kind": "shadow", "mirror": 50, "max_days": 5},
                {"kind": "canary", "share": 10, "max_days": 3},
            ],
            "decides on 7 whole ones; give 9 or more",
        ),
        (
            [
                {"kind": "shadow", "mirror": 51, "max_days": 30},
                {"kind": "canary", "share": 10, "max_days": 3},
            ],
            "less than or equal to 50",
        ),
        (
            [
                {"kind": "canary", "share": 10, "max_days": 30, "decides": True},
                {"kind": "shadow", "mirror": 50, "max_days": 30},
            ],
            "stage shadow comes first",
        ),
        (
            [
                {"kind": "canary", "share": 50, "max_days": 30, "decides": True},
                {"kind": "canary", "share": 10, "max_days": 3},
            ],
            "let them rise",
        ),
        (
            [
                {"kind": "shadow", "mirror": 50, "max_days": 30, "decides": False},
                {"kind": "canary", "share": 10, "max_days": 3},
                {"kind": "canary", "share": 50, "max_days": 30, "decides": True},
            ],
            "stages.1 gives 10 %",
        ),
        (
            [
                {"kind": "shadow", "mirror": 50, "max_days": 30, "min_hours": 720},
                {"kind": "canary", "share": 10, "max_days": 3},
            ],
            "min_hours 720.0 is not below max_days",
        ),
        ([{"kind": "shadow", "mirror": 50, "max_days": 30, "decides": False}], "no stage decides"),
        ([{"kind": "shadow", "mirror": 5, "max_days": 30}] * 2, "at most one stage shadow"),
        ([{"kind": "canary", "share": 100, "max_days": 30, "decides": True}], "less than or"),
    ],
)
def test_stages_that_make_no_sense_are_refused(document, stages, words):
    assert words in _refusal({**document, "stages": stages})


@pytest.mark.parametrize(
    ("strategy", "stages"),
    [
        ("blue_green", [{"kind": "shadow", "mirror": 20, "max_days": 30}]),
        ("ab", [{"kind": "ab", "share": 50, "max_days": 60}]),
        (
            "ab",
            [
                {"kind": "shadow", "mirror": 20, "max_days": 3, "decides": False},
                {"kind": "ab", "share": 50, "max_days": 60},
            ],
        ),
        ("canary", [{"kind": "canary", "share": 10, "max_days": 30, "decides": True}]),
    ],
)
def test_each_strategy_can_be_written_down(document, strategy, stages):
    assert len(_parsed({**document, "strategy": strategy, "stages": stages}).stages) == len(stages)


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        ({"losses": [{"name": "brier"}], "zone": "Mars/Olympus"}, "is no time zone"),
        ({"losses": [{"name": "brier"}, {"name": "brier"}]}, "name each once"),
        ({"losses": [{"name": "brier"}], "min_days": 6}, "greater than or equal to 7"),
        ({"losses": [{"name": "auc"}]}, "quality.losses.0.name"),
        ({"losses": [{"name": "brier", "margin": -0.1}]}, "quality.losses.0.margin"),
    ],
)
def test_quality_that_cannot_be_judged_is_refused(document, quality, words):
    assert words in _refusal({**document, "quality": quality})
