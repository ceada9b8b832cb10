"""Monitoring beside Evidently: the time of a window, and memory that does not grow with rows.

`python -m benchmarks.drift` measures this alone and writes its rows into results.md.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pyarrow as pa

from benchmarks import peers
from benchmarks.measure import ROOT, BenchmarkError, run
from benchmarks.report import Report, Result
from ml.drift import build, freeze
from ml.drift.bins import Bins
from ml.drift.findings import Findings
from ml.drift.layout import Block, Layout
from ml.drift.monitor import Reference, Window, monitor
from ml.drift.policy import Policy

ROWS, COLUMNS, DAYS = 100_000, 20, 30
NAMES = tuple(f"x{number}" for number in range(COLUMNS))
FASTER = 20
SIZES = (1_000_000, 10_000_000, 100_000_000)
CHUNK = 100_000
# Between 1 M and 100 M rows: what a longer run leaves in the allocator, nothing that counts rows.
GROWTH_MB = 64
POLICY = Policy.model_validate(
    {
        "task": "made",
        "score": "score",
        "label": "label",
        "time": "at",
        "window_days": DAYS,
        "checks_per_month": 1,
        "false_alarms_per_month": 0.1,
        "performance": [{"metric": "auc", "by": 0.01}, {"metric": "brier", "by": 0.002}],
        "estimated": [{"metric": "brier", "by": 0.002}],
    }
)
LAYOUT = POLICY.layout(NAMES, Block.DAY)  # as `ml.steps.reference` keeps it
HOURLY = POLICY.layout(NAMES, Block.HOUR)


@dataclass(frozen=True)
class Sides:
    """The features of both sides, as both competitors get them."""

    reference: np.ndarray
    window: np.ndarray


@dataclass(frozen=True)
class Faster:
    """How many times as fast, by the clock and by what the processor did."""

    wall: float
    processor: float

    def __str__(self) -> str:
        """Tell both; only the second does not depend on what else the machine does."""
        return f"{self.wall:.0f} x faster ({self.processor:.0f} x by processor time)"


@dataclass(frozen=True)
class Took:
    """Seconds by the clock and of the processor."""

    wall: float
    processor: float

    @property
    def ms(self) -> str:
        """By the clock, for people."""
        return f"{self.wall * 1e3:.0f} ms"

    def over(self, other: "Took") -> Faster:
        """Return how many times as long this took."""
        return Faster(self.wall / other.wall, self.processor / other.processor)


def sides() -> Sides:
    """Draw both sides: every fourth column has moved."""
    draw = np.random.default_rng(20130101)
    moved = 0.1 * (np.arange(COLUMNS) % 4 == 0)
    return Sides(draw.normal(size=(ROWS, COLUMNS)), draw.normal(moved, size=(ROWS, COLUMNS)))


def batches(features: np.ndarray, seed: int) -> list[pa.RecordBatch]:
    """Return rows as monitoring gets them: features, and a time, a score and a label beside."""
    draw = np.random.default_rng(seed)
    rows = len(features)
    score = draw.beta(2, 6, rows)
    seconds = np.arange(rows) * (DAYS * 86_400) // rows
    columns = {name: features[:, place] for place, name in enumerate(NAMES[: features.shape[1]])}
    times = np.datetime64("2013-03-01", "us") + seconds.astype("timedelta64[s]")
    table = pa.table(
        {**columns, "at": times, "score": score, "label": (draw.random(rows) < score).astype(int)}
    )
    return table.to_batches()


def reference_of(rows: list[pa.RecordBatch]) -> Reference:
    """Freeze the cells and count the reference in them."""
    bins = freeze.freeze(rows, [*NAMES, "score"])
    return Reference(bins=bins, profile=build.profile(rows, bins, LAYOUT, reference=True))


def window_in(rows: list[pa.RecordBatch], bins: Bins, layout: Layout = LAYOUT) -> Window:
    """Count a window in the cells of a reference."""
    return Window(profile=build.profile(rows, bins, layout))


def against_evidently(report: Report) -> None:
    """Measure a window of raw rows: from a stored reference, two-sided, and from profiles."""
    made = sides()
    known, seen = batches(made.reference, 1), batches(made.window, 2)
    stored = reference_of(known).model_dump_json()
    counted = window_in(seen, Reference.model_validate_json(stored).bins).model_dump_json()

    def from_stored() -> Findings:
        reference = Reference.model_validate_json(stored)
        return monitor(reference, window_in(seen, reference.bins), POLICY)

    def two_sided() -> Findings:
        reference = reference_of(known)
        return monitor(reference, window_in(seen, reference.bins), POLICY)

    reference, window = Reference.model_validate_json(stored), Window.model_validate_json(counted)

    hours = window_in(seen, reference.bins, HOURLY)

    def from_profiles() -> Findings:
        return monitor(reference, window, POLICY)

    def from_hours() -> Findings:
        return monitor(reference, hours, POLICY)

    def read_and_checked() -> Findings:
        parts = Reference.model_validate_json(stored), Window.model_validate_json(counted)
        return monitor(*parts, POLICY)

    times: dict[str, Took] = {}
    for measured in (from_stored, two_sided, from_profiles, from_hours, read_and_checked):
        times[measured.__name__] = _median(measured)
    theirs = _evidently(made)
    found = from_stored()
    distances = {name for each in found.findings for name in each.distances}
    faster = theirs.over(times["from_stored"])
    rows = f"{ROWS // 1000}k rows x {COLUMNS} floats"
    report.add(
        Result(
            what=f"drift over {rows}: stored reference profile, raw rows of the window, "
            f"{len(distances)} distances, {found.tests} tests, median",
            measured=f"{times['from_stored'].ms}, {faster}",
            beside=f"Evidently 0.7.23, default DataDriftPreset: {theirs.wall:.1f} s; load "
            f"{os.getloadavg()[0]:.1f}",
            budget=f"{FASTER} x faster",
            kept=min(faster.wall, faster.processor) >= FASTER,
        )
    )
    report.add(
        Result(
            what=f"drift from raw rows on both sides, {rows}, cells chosen anew",
            measured=f"{times['two_sided'].ms}, {theirs.over(times['two_sided'])}",
            beside="the same run of Evidently",
            budget="none",
            kept=True,
        )
    )
    checked = times["from_profiles"]
    report.add(
        Result(
            what=f"drift check of a window from stored profiles of {DAYS} days, {COLUMNS} columns",
            measured=f"{checked.ms}, {checked.processor * 1e3:.0f} ms of the processor",
            beside=f"from {24 * DAYS} hours: {times['from_hours'].ms}; days with reading both from "
            f"JSON: {times['read_and_checked'].ms}",
            budget="milliseconds: under 50",
            kept=checked.wall < 0.05,
        )
    )


def _evidently(made: Sides) -> Took:
    python = peers.python_of("evidently")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "reference.npy", Path(folder) / "window.npy"]
        for path, table in zip(paths, (made.reference, made.window), strict=True):
            np.save(path, table)
        _seconds, output = run([python, ROOT / "benchmarks" / "evidently_peer.py", *paths])
    found = json.loads(output)
    if found["metrics"] < COLUMNS:
        raise BenchmarkError(f"Evidently gave {found['metrics']} metrics for {COLUMNS} columns")
    return Took(statistics.median(found["seconds"]), statistics.median(found["processor"]))


def _median(measured: Callable[[], object], times: int = 7) -> Took:
    measured()
    wall, processor = list[float](), list[float]()
    for _ in range(times):
        start, busy = time.perf_counter(), time.process_time()
        measured()
        wall.append(time.perf_counter() - start)
        processor.append(time.process_time() - busy)
    return Took(statistics.median(wall), statistics.median(processor))


def memory(report: Report) -> None:
    """Measure the peak of a process that counts more and more rows."""
    peaks, rates = [], []
    for size in SIZES:
        command = [sys.executable, "-m", "benchmarks.drift", "--count", str(size)]
        answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise BenchmarkError(f"counting {size} rows: {answer.stderr}")
        found = json.loads(answer.stdout)
        peaks.append(found["megabytes"])
        rates.append(size / found["seconds"] / 1e6)
    grown = peaks[-1] - peaks[0]
    report.add(
        Result(
            what="drift profile of 1, 10 and 100 M rows x 5 floats, highest memory of the process",
            measured=", ".join(f"{peak:.0f} MB" for peak in peaks),
            beside=", ".join(f"{rate:.1f}" for rate in rates) + " M rows/s, made and counted",
            budget=f"grows by less than {GROWTH_MB} MB",
            kept=grown < GROWTH_MB,
        )
    )


def count(rows: int) -> None:
    """Count so many rows, made chunk by chunk, and print what it took."""
    layout = Layout(columns=NAMES[:5], time="at")
    process, peak = psutil.Process(), 0

    def stream() -> Iterator[pa.RecordBatch]:
        nonlocal peak
        draw = np.random.default_rng(3)
        for number in range(rows // CHUNK):
            yield from batches(draw.normal(size=(CHUNK, 5)), number)
            # The system's own peak would be that of whoever started this process.
            peak = max(peak, process.memory_info().rss)

    draw = np.random.default_rng(4)
    bins = freeze.freeze(batches(draw.normal(size=(CHUNK, 5)), 0), NAMES[:5])
    start = time.perf_counter()
    profile = build.profile(stream(), bins, layout)
    seconds = time.perf_counter() - start
    if int(profile.rows.sum()) != rows:
        raise BenchmarkError(f"{rows} rows were given, {profile.rows.sum()} were counted")
    print(json.dumps({"seconds": seconds, "megabytes": peak / 2**20}))


def drift(report: Report) -> None:
    """Measure all of it."""
    against_evidently(report)
    memory(report)


def main() -> int:
    """Measure this alone; return 1 when a measured command failed."""
    if sys.argv[1:2] == ["--count"]:
        count(int(sys.argv[2]))
        return 0
    report = Report()
    try:
        drift(report)
    except BenchmarkError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    report.merge()
    return 0


if __name__ == "__main__":
    sys.exit(main())
