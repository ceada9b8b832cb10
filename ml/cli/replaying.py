"""`mlops replay`: prepare the year's examples, replay it, and show each decision."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ml import task as tasks
from ml.cli import console, raw_data
from ml.data import examples
from ml.errors import TaskError
from ml.gates import blocks
from ml.gates.bootstrap import Resampler
from ml.gates.outcome import Interval, Outcome
from ml.replay import Decision, replay
from ml.replay_mode import Mode
from ml.steps.ingest import ingest
from ml.steps.prepare import prepare
from ml.steps.validate import moment, validate
from ml.training import Examples

# The gate's own, of every task: docs/replay.md.
RESAMPLES, SEED, ZONE = 2000, 0, "America/New_York"
_COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow"}


def decisions(name: str, data: Path | None, mode: Mode) -> Iterator[Decision]:
    """Prepare the task's data and yield the decision of each period.

    Raises:
        TaskError: the data break the schema, or there are too few periods.
    """
    task = tasks.load(name)
    rows = year(task, raw_data.folder(task.settings.data, data))
    console.err.print(f"{len(rows.label):,} rows; each period trains one model")
    yield from replay(rows, task.categories, task.settings.training, _resampler, mode=mode)


def _resampler(rows: Examples) -> Resampler:
    return Resampler(blocks.by_day(rows.time, ZONE), RESAMPLES, SEED)


def year(task: tasks.Task, raw: Path) -> Examples:
    """Return all examples of a task's files, in time order, by the pipeline's own steps."""
    with tempfile.TemporaryDirectory(prefix="mlops-replay-") as folder:
        parts = {name: Path(folder) / name for name in ("tables", "report", "train", "holdout")}
        for part in parts.values():
            part.mkdir()
        console.err.print(f"reading {raw}")
        ingest(task, raw, parts["tables"])
        report = validate(task, parts["tables"], moment(task.settings.data.as_of))
        report.write(parts["report"])
        if not report.passed:
            raise TaskError(report.text)
        prepare(task, parts["tables"], parts["report"], {n: parts[n] for n in ("train", "holdout")})
        return _joined(
            [examples.read(parts[n], examples.about(parts[n], n)) for n in ("train", "holdout")]
        )


def _joined(parts: Sequence[Examples]) -> Examples:
    names = parts[0].columns
    return Examples(
        {n: np.concatenate([np.asarray(part.columns[n]) for part in parts]) for n in names},
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.period for part in parts]),
        np.concatenate([part.time for part in parts]),
    )


def show(found: Sequence[Decision]) -> None:
    """Print the table of decisions, and the reason of each."""
    console.as_table(
        ("month", "rows", "AUC", "Brier", "gain AUC", "gain Brier", "champion", "decision"),
        [
            (
                each.period,
                f"{each.rows:,}",
                _pair(each, "auc"),
                _pair(each, "brier"),
                _gain(each.comparison.auc_gain),
                _gain(each.comparison.brier_gain),
                f"{each.champion[0]} to {each.champion[-1]}",
                f"[{_COLOURS[each.comparison.outcome]}]{each.comparison.outcome}[/]",
            )
            for each in found
        ],
    )
    console.out.print("AUC and Brier: champion > challenger; gains: day-blocked 95 % intervals")
    for each in found:
        console.out.print(f"{each.period}: {each.comparison.reason}", markup=False)


def _pair(each: Decision, name: str) -> str:
    both = (each.of_champion.numbers.get(name), each.of_challenger.numbers.get(name))
    return " > ".join("-" if value is None else f"{value:.4f}" for value in both)


def _gain(found: Interval | None) -> str:
    return "-" if found is None else f"{found.value:+.4f} ({found.low:+.4f}, {found.high:+.4f})"
