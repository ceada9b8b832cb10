"""The year replayed: who is judged against whom, and the same answers by an independent way."""

import numpy as np
import pytest

from ml import replay as replaying
from ml.cli.replaying import SEED, ZONE, year
from ml.errors import TaskError
from ml.gates import blocks
from ml.gates.bootstrap import Resampler
from ml.gates.outcome import Interval, Outcome
from ml.gates.rules.champion import Comparison
from ml.replay_mode import Mode
from ml.training import Examples

QUICK = {"rounds": 20, "patience": 5, "threads": 1}


def _resampler(rows: Examples) -> Resampler:
    return Resampler(blocks.by_day(rows.time, ZONE), 200, SEED)


@pytest.fixture(scope="module")
def rows(flights, sample):
    return year(flights, sample)


@pytest.fixture(scope="module")
def quick(flights):
    return flights.settings.training.model_copy(update=QUICK)


def _replay(rows, flights, quick, mode):
    return list(replaying.replay(rows, flights.categories, quick, _resampler, mode=mode))


def test_each_month_is_judged_by_models_of_the_months_before_it(rows, flights, quick):
    found = _replay(rows, flights, quick, Mode.FIXED)
    assert [each.period for each in found] == [f"2013-{month:02d}" for month in range(4, 13)]
    assert {each.champion for each in found} == {("2013-01", "2013-02")}
    assert found[0].challenger == ("2013-02", "2013-03")
    assert all(max(each.challenger) < each.period for each in found)
    document = found[0].document
    assert document["decision"] == str(found[0].comparison.outcome)
    assert document["reason"]


def test_a_rolling_champion_is_the_last_challenger_that_won(rows, flights, quick, monkeypatch):
    better = Interval(value=0.1, low=0.05, high=0.2)
    unsure = Interval(value=0.0, low=-0.1, high=0.1)
    answers = iter([unsure, better, *([unsure] * 7)])
    monkeypatch.setattr(replaying.comparing, "compare", lambda *_: Comparison(*[next(answers)] * 2))
    found = _replay(rows, flights, quick, Mode.ROLLING)
    assert [each.comparison.outcome for each in found[:3]] == [
        Outcome.INCONCLUSIVE,
        Outcome.PASS,
        Outcome.INCONCLUSIVE,
    ]
    assert [each.champion for each in found[:3]] == [
        ("2013-01", "2013-02"),
        ("2013-01", "2013-02"),
        found[1].challenger,
    ]
    assert {each.champion for each in found[2:]} == {found[1].challenger}


def test_a_year_that_is_too_short_is_refused(rows, flights, quick):
    short = rows.chosen(rows.period <= "2013-03")
    with pytest.raises(TaskError, match=r"needs 4 periods.*the data have 3"):
        _replay(short, flights, quick, Mode.FIXED)


@pytest.mark.slow
def test_another_learner_and_another_way_of_counting_decide_the_same(flights):
    """Histogram boosting of scikit-learn, its AUC, and days drawn one resample at a time."""
    from ml.cli import raw_data  # noqa: PLC0415  only this test reads the whole year

    whole = year(flights, raw_data.folder(flights.settings.data, None))
    ours = {
        each.period: each.comparison.outcome
        for each in replaying.replay(
            whole,
            flights.categories,
            flights.settings.training,
            lambda part: Resampler(blocks.by_day(part.time, ZONE), 2000, SEED),
            mode=Mode.FIXED,
        )
    }
    theirs = _independent(whole, flights.categories)
    same = [period for period, outcome in ours.items() if theirs[period] is outcome]
    # The reference found two of nine months that depend on the learner.
    assert len(same) >= 7, (ours, theirs)
    assert ours["2013-12"] is theirs["2013-12"] is Outcome.FAIL


def _independent(rows: Examples, categories: tuple[str, ...]) -> dict[str, Outcome]:
    import pandas as pd  # noqa: PLC0415  only the slow test needs these
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  as above
    from sklearn.metrics import brier_score_loss, roc_auc_score  # noqa: PLC0415  as above

    frame = pd.DataFrame(dict(rows.columns))
    for name in categories:
        frame[name] = frame[name].astype("category")
    local = pd.to_datetime(rows.time).tz_localize("UTC").tz_convert(ZONE)
    day = np.asarray(local.strftime("%Y-%m-%d"))
    periods = sorted(set(rows.period))

    def fitted(*names: str) -> HistGradientBoostingClassifier:
        chosen = np.isin(rows.period, names)
        learner = HistGradientBoostingClassifier(
            max_iter=50,
            max_leaf_nodes=15,
            categorical_features=[n for n in categories if n != "dest"],
            random_state=0,
        )
        return learner.fit(frame[chosen].drop(columns="dest"), rows.label[chosen])

    champion, random, outcomes = fitted(*periods[:2]), np.random.default_rng(1), {}
    for position in range(3, len(periods)):
        chosen = rows.period == periods[position]
        challenger = fitted(*periods[position - 2 : position])
        part, label = frame[chosen].drop(columns="dest"), rows.label[chosen]
        old, new = (m.predict_proba(part)[:, 1] for m in (champion, challenger))
        members = [np.flatnonzero(day[chosen] == each) for each in np.unique(day[chosen])]
        gains = []
        for _ in range(300):
            drawn = [members[at] for at in random.integers(len(members), size=len(members))]
            drawn_rows = np.concatenate(drawn)
            truth = label[drawn_rows]
            gains.append(
                (
                    roc_auc_score(truth, new[drawn_rows]) - roc_auc_score(truth, old[drawn_rows]),
                    brier_score_loss(truth, old[drawn_rows])
                    - brier_score_loss(truth, new[drawn_rows]),
                )
            )
        low, high = np.quantile(np.array(gains), [0.025, 0.975], axis=0)
        if high[1] < 0:
            outcomes[periods[position]] = Outcome.FAIL
        elif (low > 0).all():
            outcomes[periods[position]] = Outcome.PASS
        else:
            outcomes[periods[position]] = Outcome.INCONCLUSIVE
    return outcomes
