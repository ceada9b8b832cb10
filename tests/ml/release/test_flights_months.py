"""Six months of real flights: verdicts on day sums against each month's own day-clustered z."""

import numpy as np
import pytest

from ml import task as tasks
from ml.cli import raw_data
from ml.gates.outcome import Outcome
from ml.release import blocks, policy
from ml.release.losses import LossName, losses
from ml.release.quality import compare
from ml.release.sequential.normal import TwoSided, best_rho

MONTHS = range(7, 13)
BRIER = LossName.BRIER
NUMBERS = ["hour", "weekday", "distance", "plane_year", "seats"]
WEATHER = ["temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust"]
WEATHER += ["precip", "pressure", "visib"]
TEXT = ["carrier", "origin", "dest"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def months():
    """Losses of the champion of January to March, and of the last three months' challenger."""
    import pandas as pd  # noqa: PLC0415  only this test needs these
    from sklearn.ensemble import HistGradientBoostingClassifier  # noqa: PLC0415  as above

    folder = raw_data.folder(tasks.load("flights").settings.data, None)
    flights = pd.read_csv(folder / "flights.csv.zip").dropna(subset="arr_delay")
    weather = pd.read_csv(folder / "weather.csv").drop_duplicates(["origin", "time_hour"])
    planes = pd.read_csv(folder / "planes.csv").rename(columns={"year": "plane_year"})
    rows = flights.merge(
        weather[["origin", "time_hour", *WEATHER]], "left", ["origin", "time_hour"]
    )
    rows = rows.merge(planes[["tailnum", "plane_year", "seats"]], "left", "tailnum")
    rows = rows.sort_values("time_hour", kind="stable")
    dates = pd.to_datetime(rows[["year", "month", "day"]]).to_numpy()
    rows["weekday"] = (dates.astype("datetime64[D]").astype(int) + 3) % 7
    features = rows[NUMBERS + WEATHER + TEXT].astype(dict.fromkeys(TEXT, "category"))
    late, month = (rows["arr_delay"] > 15).to_numpy().astype(int), rows["month"].to_numpy()

    def learned(*names: int):
        chosen = np.isin(month, names)
        # Early stopping draws rows at random; without it a run is like any other.
        learner = HistGradientBoostingClassifier(
            max_iter=50, max_leaf_nodes=15, categorical_features=TEXT, early_stopping=False
        )
        return learner.fit(features[chosen], late[chosen])

    champion, found = learned(1, 2, 3), {}
    for each in MONTHS:
        chosen = month == each
        both = (champion, learned(each - 3, each - 2, each - 1))
        found[each] = (
            dates[chosen],
            *(losses(BRIER, late[chosen], m.predict_proba(features[chosen])[:, 1]) for m in both),
        )
    return found


def _by_z(z: float) -> Outcome:
    """What one look at the end of the month would say."""
    if abs(z) < 1.96:
        return Outcome.INCONCLUSIVE
    return Outcome.PASS if z > 0 else Outcome.FAIL


def _at_first(days: list[blocks.Block]) -> Outcome:
    """What the flights' own policy says at the first day on which it says anything."""
    levels = policy.load("flights").levels
    for count in range(levels.min_days, len(days) + 1):
        found = compare(BRIER, days[:count], 0.0, levels)
        if found.outcome is not Outcome.INCONCLUSIVE:
            return found.outcome
    return Outcome.INCONCLUSIVE


def _on_rows(gains: np.ndarray) -> Outcome:
    """What the mSPRT says of single requests, from the hundredth on."""
    n = np.arange(1, len(gains) + 1)
    total = gains.cumsum()
    spread = (gains**2).cumsum() - total**2 / n
    rho = best_rho(10_000 * float(gains[:1000].var()))
    for at in range(100, len(gains)):
        if TwoSided(rho).p_value(total[at], spread[at]) <= 0.05:
            return Outcome.PASS if total[at] > 0 else Outcome.FAIL
    return Outcome.INCONCLUSIVE


def test_day_sums_agree_with_the_clustered_z_in_all_months(months):
    truth, ours, on_rows, z = {}, {}, {}, {}
    for month, (dates, champion, challenger) in months.items():
        paired = blocks.pair(dates, {BRIER: champion}, {BRIER: challenger})
        days = blocks.of_pairs(paired, BRIER, labelled=0.8)
        z[month] = round(blocks.sums(days).z, 2)
        truth[month], ours[month] = _by_z(z[month]), _at_first(days)
        on_rows[month] = _on_rows(champion - challenger)
    assert truth[7] is Outcome.PASS, z
    assert truth[12] is Outcome.FAIL, z
    assert ours == truth, z
    wrong = [month for month in MONTHS if on_rows[month] is not truth[month]]
    assert len(wrong) >= 3, (on_rows, z)
