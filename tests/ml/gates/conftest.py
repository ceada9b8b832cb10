"""A synthetic hold-out of sixty days, models of known quality, and a small real model folder."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml import mlflow_model, training
from ml.data import examples as reading
from ml.gates.blocks import by_day
from ml.gates.bootstrap import Resampler
from ml.gates.evidence import Evidence
from ml.task import Training
from ml.training import Examples

DAYS, PER_DAY = 60, 100


@pytest.fixture(scope="session")
def rows() -> Examples:
    """Late with a probability that the feature `risk` states exactly; the group does not matter."""
    random = np.random.default_rng(7)
    count = DAYS * PER_DAY
    risk = random.beta(2, 5, size=count)
    group = random.choice(np.asarray(["a", "b", "c"], dtype=object), size=count, p=[0.5, 0.4, 0.1])
    start = np.datetime64("2013-10-01T12:00:00", "s")
    day = np.repeat(np.arange(DAYS), PER_DAY)
    return Examples(
        {"risk": risk.astype(np.float32), "group": group, "hour": (day % 24).astype(np.float32)},
        (random.random(count) < risk).astype(np.int8),
        np.where(day < 31, "2013-10", "2013-11"),
        start + day.astype("timedelta64[D]"),
    )


def stated(columns) -> np.ndarray:
    """A perfect scorer: says the risk; a missing one counts as the mean."""
    risk = np.asarray(columns["risk"], dtype=np.float64)
    return np.where(np.isnan(risk), 0.28, risk)


@pytest.fixture
def evidence(rows) -> Callable[..., Evidence]:
    """Return a function that makes evidence of a scorer and a champion's scores."""

    def make(scorer=stated, champion=None, model=Path(), **settings) -> Evidence:
        resampler = Resampler(by_day(rows.time), **{"resamples": 400, **settings})
        return Evidence(rows, resampler, model, scorer, scorer(rows.columns), champion)

    return make


@pytest.fixture(scope="session")
def saved(rows, tmp_path_factory) -> Path:
    """A model folder as train writes it."""
    settings = Training(
        seed=1,
        threads=1,
        rounds=5,
        patience=2,
        learning_rate=0.3,
        max_leaves=4,
        min_child_weight=1,
        rare_category=1,
    )
    fitted = training.fit(rows, ["group"], settings, 1)
    lineage = mlflow_model.Lineage(
        task="flights",
        data_version="d" * 16,
        schema_sha256="5" * 64,
        settings_sha256="6" * 64,
        train_periods=("2013-01", "2013-09"),
        rows=len(rows.label),
        rounds=fitted.rounds,
        stop_periods=fitted.stop_periods,
    )
    folder = tmp_path_factory.mktemp("saved") / "model"
    mlflow_model.save(fitted.scorer, rows.columns, lineage, folder)
    return folder


@pytest.fixture(scope="session")
def holdout(rows, tmp_path_factory) -> Path:
    """The rows as the prepare step writes a hold-out."""
    folder = tmp_path_factory.mktemp("holdout")
    columns = {name: list(cells) for name, cells in rows.columns.items()}
    numbers = {"risk": pa.float32(), "hour": pa.float32()}
    table = pa.table(
        {name: pa.array(cells, numbers.get(name, pa.string())) for name, cells in columns.items()}
        | {
            reading.LABEL: pa.array(rows.label, pa.int8()),
            reading.PERIOD: pa.array(rows.period.tolist()),
            reading.TIME: pa.array(rows.time.astype("datetime64[us]")),
        }
    )
    pq.write_table(table, folder / reading.DATA)
    periods = [
        {"period": name, "rows": int((rows.period == name).sum()), "positive": 1}
        for name in ("2013-10", "2013-11")
    ]
    about = {
        "task": "flights",
        "part": "holdout",
        "data_version": "d" * 16,
        "schema_sha256": "5" * 64,
        "settings_sha256": "6" * 64,
        "features": list(rows.columns),
        "categories": ["group"],
        "periods": periods,
    }
    (folder / reading.ABOUT).write_text(json.dumps(about))
    return folder
