"""A container with what an endpoint served, and a reference to hold it against."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from ml import task as tasks
from ml.drift import build, freeze, policy
from ml.drift.layout import Block
from ml.drift.monitor import Reference
from ml.monitoring import Served, Store

ENDPOINT, DEPLOYMENT = "late", "blue"
COLUMNS = ("temp", "carrier", "origin")
START = datetime(2013, 4, 1, 12, tzinfo=UTC)


@dataclass
class Container:
    """The workspace's container in memory; it counts what is read of it."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)

    def files(self, below):
        for name in sorted(self.blobs):
            if name.startswith(below):
                yield name, str(hash(self.blobs[name]))

    def content(self, name):
        self.reads.append(name)
        return self.blobs.get(name, b"")

    def add(self, name, documents):
        lines = "".join(json.dumps(each) + "\n" for each in documents).encode()
        self.blobs[name] = self.blobs.get(name, b"") + lines

    def collect(self, rows, hour="2026/11/24/09", file="a", inputs=True, outputs=True):
        """Write rows as the data collector of a deployment does, two to a request."""
        for first in range(0, len(rows), 2):
            part = rows[first : first + 2]
            head = {"time": "2026-11-24T09:00:00Z", "correlationid": part[0]["request_id"]}
            below = f"modelDataCollector/{ENDPOINT}/{DEPLOYMENT}"
            context = ("request_id", "time_hour")
            if inputs:
                seen = [
                    {name: cell for name, cell in row.items() if name not in ("score", "label")}
                    for row in part
                ]
                self.add(f"{below}/model_inputs/{hour}/{file}.jsonl", [head | {"data": seen}])
            if outputs:
                said = [
                    {"score": row["score"], "latency_ms": 1.0} | {n: row[n] for n in context}
                    for row in part
                ]
                self.add(f"{below}/model_outputs/{hour}/{file}.jsonl", [head | {"data": said}])

    def label(self, rows):
        """Write the labels of rows in the folders of their days."""
        for row in rows:
            day = datetime.fromisoformat(row["time_hour"])
            name = f"labels/{ENDPOINT}/{day:%Y/%m/%d}/labels.jsonl"
            self.add(name, [{"request_id": row["request_id"], "label": row["label"]}])


def drawn(number, seed=0, shift=0.0, start=START, days=14):
    """Return rows over some days; the score is right on average."""
    draw = np.random.default_rng(seed)
    rows = []
    for place in range(number):
        at = start + timedelta(hours=float(place * days * 24 // number))
        score = float(np.float32(draw.uniform(0.05, 0.95)))
        rows.append(
            {
                "request_id": f"{seed}-{place}",
                "time_hour": at.isoformat(),
                "temp": round(float(draw.normal(60 + shift, 15)), 2),
                "carrier": str(draw.choice(["UA", "B6", "AA"])),
                "origin": str(draw.choice(["EWR", "JFK"])),
                "score": score,
                "label": int(draw.random() < score),
            }
        )
    return rows


def batch(rows):
    """Return rows as a hold-out has them."""
    times = [datetime.fromisoformat(row["time_hour"]).replace(tzinfo=None) for row in rows]
    return pa.RecordBatch.from_pydict(
        {
            "temp": pa.array([row["temp"] for row in rows], type=pa.float32()),
            "carrier": [row["carrier"] for row in rows],
            "origin": [row["origin"] for row in rows],
            "score": pa.array([row["score"] for row in rows], type=pa.float32()),
            "label": pa.array([row["label"] for row in rows], type=pa.float64()),
            "time_hour": pa.array(times, type=pa.timestamp("us")),
        }
    )


def layout_of(wanted):
    from dataclasses import replace  # noqa: PLC0415  beside its use

    layout = wanted.layout(tasks.load("flights").feature_names, Block.DAY)
    return replace(layout, columns=COLUMNS)


@pytest.fixture(scope="session")
def wanted():
    found = policy.load("flights")
    return found.model_copy(
        update={"minimum": found.minimum.model_copy(update={"rows": 100}), "season": None}
    )


@pytest.fixture(scope="session")
def reference(wanted):
    rows = batch(drawn(4000, seed=1, start=datetime(2013, 3, 1, 12, tzinfo=UTC), days=28))
    layout = layout_of(wanted)
    bins = freeze.freeze([rows], layout.counted)
    return Reference(
        bins=bins,
        profile=build.profile([rows], bins, layout, reference=True),
        segments=build.segments([rows], bins, layout, ["origin"]),
        importance={"temp": 0.6, "carrier": 0.3, "origin": 0.1},
    )


@pytest.fixture
def container():
    return Container()


@pytest.fixture
def served(container, wanted, reference):
    """Return a function that makes a reader of the container."""

    def make(store=None, source=container, **changes):
        policy_ = wanted.model_copy(update=changes)
        parts = (tasks.load("flights"), policy_, reference, source, ENDPOINT, (DEPLOYMENT,))
        return Served(*parts, store or Store())

    return make


APRIL = (date(2013, 4, 1), date(2013, 4, 30))
