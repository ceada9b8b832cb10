"""A monitor policy is read strictly: every mistake is named with what is wanted."""

import datetime as dt

import pytest
import yaml

from ml.drift import policy as policies
from ml.drift.layout import Block
from ml.drift.policy import Action
from ml.errors import TaskError

LEAST = {
    "task": "made",
    "score": "score",
    "label": "label",
    "time": "at",
    "window_days": 31,
    "checks_per_month": 1,
    "false_alarms_per_month": 0.05,
}


@pytest.fixture
def written(tmp_path):
    def write(**changes):
        folder = tmp_path / "made"
        folder.mkdir(exist_ok=True)
        settings = {
            name: value for name, value in {**LEAST, **changes}.items() if value is not None
        }
        (folder / "monitor.yaml").write_text(yaml.safe_dump(settings))
        return folder

    return write


def test_the_flights_have_a_policy_over_their_features():
    from ml import task  # noqa: PLC0415  the task's own reader is another room's

    flights = task.load("flights")
    found = policies.load("flights")
    assert found.task == flights.settings.name
    assert found.time == flights.settings.time
    layout = found.layout(flights.feature_names)
    assert layout.block is Block.HOUR
    assert "temp" in layout.columns
    assert "wind_gust" not in layout.columns
    assert layout.losses == ("brier", "log_loss", "wrong_call")
    assert found.segments
    assert set(found.segments.by) <= set(flights.categories)
    assert found.rule("temp").action is Action.NOTE
    assert found.rule("score").psi == 0.1
    assert [rule.action for rule in found.performance if rule.metric == "auc"] == [Action.PAGE]


def test_the_least_policy_has_careful_defaults(written):
    found = policies.load(written())
    assert (found.minimum.days, found.drift.psi, found.quality.nulls.action) == (7, 0.2, "page")
    assert found.rule("anything") == found.drift


def test_looks_and_families_share_the_stated_rate(written):
    once = policies.load(written())
    daily = policies.load(written(checks_per_month=30))
    assert once.level * 3 == pytest.approx(0.05)
    assert daily.level * 3 * 30 == pytest.approx(0.05)


def test_the_digest_names_the_content(written):
    first = policies.load(written()).digest
    assert first == policies.load(written()).digest
    assert first != policies.load(written(window_days=30)).digest


def test_a_season_is_some_days_before(written):
    season = policies.load(written(season={"days_before": 364})).season
    assert season
    first, last = season.of(dt.date(2014, 7, 1), dt.date(2014, 7, 31))
    assert (first.isoformat(), last.isoformat()) == ("2013-07-02", "2013-08-01")
    assert first.weekday() == dt.date(2014, 7, 1).weekday()


MISTAKES = [
    ({"task": None}, "task: Field required"),
    ({"dirft": {}}, "dirft: Extra inputs are not permitted"),
    ({"false_alarms_per_month": 1.5}, "false_alarms_per_month: Input should be less than 1"),
    ({"drift": {"psi": 0}}, "drift.psi: Input should be greater than 0"),
    ({"drift": {"psi": 0.1, "action": "shout"}}, "drift.action: Input should be 'page' or 'note'"),
    (
        {"quality": {"nulls": {"by": 2}}},
        "quality.nulls.by: Input should be less than or equal to 1",
    ),
    ({"performance": [{"metric": "gini", "by": 1}]}, "performance.0.metric: Input should be 'auc'"),
    ({"performance": [{"metric": "auc", "by": 0.1}] * 2}, "two rules for auc"),
    ({"estimated": [{"metric": "cost", "by": 1}]}, "estimated.metric cost is neither a metric nor"),
    (
        {"costs": [{"name": "cost", "formula": "open('x')", "unit": "EUR", "by": 1}]},
        r"costs.0.formula: Value error, `open\('x'\)` at column 1 is not allowed",
    ),
    ({"costs": [{"name": "A b", "formula": "1", "unit": "EUR", "by": 1}]}, "costs.0.name: String"),
    ({"segments": {"by": []}}, "segments.by: Tuple should have at least 1 item"),
    ({"ignore": ["x"], "columns": {"x": {}}}, "x has a rule under columns and is under ignore"),
    ({"minimum": {"days": 40}}, "minimum.days is 40 but window_days 31: no window would ever"),
]


@pytest.mark.parametrize(("changes", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_place(written, changes, said):
    with pytest.raises(TaskError, match=rf"(?s)made/monitor.yaml is wrong:.*{said}"):
        policies.load(written(**changes))


def test_all_mistakes_are_named_at_once(written):
    with pytest.raises(TaskError) as raised:
        policies.load(written(window_days=0, day_starts=24))
    assert "window_days" in str(raised.value)
    assert "day_starts" in str(raised.value)


def test_rules_for_columns_that_are_no_features_are_refused(written):
    found = policies.load(written(columns={"tepm": {"psi": 0.3}}))
    with pytest.raises(TaskError, match="rules for tepm, which are no features; features: temp"):
        found.layout(("temp",))


def test_a_task_without_a_policy_is_named(tmp_path):
    with pytest.raises(TaskError, match=r"has no monitor\.yaml"):
        policies.load(tmp_path)
    (tmp_path / "monitor.yaml").write_text("a: [")
    with pytest.raises(TaskError, match="is no YAML"):
        policies.load(tmp_path)
