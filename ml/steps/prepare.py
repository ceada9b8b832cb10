"""Prepare: validated tables become training and hold-out examples, split by time."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ml import task as tasks
from ml.data import engine as engines
from ml.data import leaks, manifest, report
from ml.errors import TaskError
from ml.steps import command

DATA, ABOUT = "examples.parquet", "about.json"
NEWEST = "newest"
BOUNDS = ("train-from", "train-to", "holdout-from", "holdout-to")


def prepare(
    task: tasks.Task,
    tables: Path,
    checked: Path,
    targets: dict[str, Path],
    engine: str = engines.NAMES[0],
) -> dict[str, int]:
    """Write the examples of each part into its folder and return how many there are."""
    leaks.guard(task)
    ingested = manifest.read(tables)
    _refuse_unchecked(ingested, report.read(checked))
    from ml.data import features  # noqa: PLC0415  ibis takes a second that --help does not need

    split = task.settings.split
    rows: dict[str, int] = {}
    with engines.opened(engine) as data:
        found = {name: data.read(table.files(tables)) for name, table in ingested.tables.items()}
        examples = features.examples(task, found)
        for part, (first, last) in {"train": split.train, "holdout": split.holdout}.items():
            path = targets[part] / DATA
            data.write(features.within(examples, first, last), path)
            periods = _periods(data, path)
            rows[part] = sum(period.rows for period in periods)
            _refuse_unusable(part, first, last, periods)
            about = {
                "task": task.settings.name,
                "part": part,
                "data_version": ingested.data_version,
                "schema_sha256": task.schema_digest,
                "settings_sha256": task.settings_digest,
                "features": list(task.feature_names),
                "categories": list(task.categories),
                "periods": [asdict(period) for period in periods],
            }
            text = json.dumps(about, indent=2) + "\n"
            (targets[part] / ABOUT).write_text(text, encoding="utf-8")
    return rows


@dataclass(frozen=True)
class Period:
    """How many examples a period has."""

    period: str
    rows: int
    positive: int


def _periods(data: engines.Engine, path: Path) -> list[Period]:
    from ml.data import columns, features  # noqa: PLC0415  see prepare

    rows = data.read([path])
    counted = rows.group_by(period=features.PERIOD).aggregate(
        rows=rows.count(), positive=columns.number(rows, features.LABEL).sum()
    )
    return [
        Period(str(found["period"]), int(str(found["rows"])), int(str(found["positive"])))
        for found in data.records(counted.order_by("period"))
    ]


def _refuse_unchecked(ingested: manifest.Manifest, checked: report.Report) -> None:
    """Only exactly the tables that passed validation may become examples."""
    if not checked.passed:
        raise TaskError(f"the data of version {checked.data_version} did not pass validation")
    if checked.tables_digest != ingested.digest:
        raise TaskError(
            f"the validation report is about data version {checked.data_version} and other bytes "
            f"than these tables of version {ingested.data_version}; run validate on these tables"
        )


def _refuse_unusable(part: str, first: str, last: str, periods: list[Period]) -> None:
    total = sum(period.rows for period in periods)
    positive = sum(period.positive for period in periods)
    if total == 0:
        raise TaskError(f"{part}: no labelled row from {first} to {last}; choose other periods")
    if positive in {0, total}:
        raise TaskError(
            f"{part}: all {total} rows from {first} to {last} have the same label, nothing to "
            "learn or to measure; choose other periods"
        )


def newest(window: int) -> dict[str, str]:
    """Return the bounds that learn from so many periods before the newest, which judges."""
    return {
        "train_from": f"{NEWEST}-{window}",
        "train_to": f"{NEWEST}-1",
        "holdout_from": NEWEST,
        "holdout_to": NEWEST,
    }


def resolved(task: tasks.Task, tables: Path, given: dict[str, str | None]) -> dict[str, str | None]:
    """Replace `newest` by the newest period with a label, and `newest-2` by the one two before it.

    Raises:
        TaskError: there are not so many periods.
    """
    relative = {name: text for name, text in given.items() if text and text.startswith(NEWEST)}
    if not relative:
        return given
    from ml.data import features  # noqa: PLC0415  see prepare

    ingested = manifest.read(tables)
    with engines.opened(engines.NAMES[0]) as data:
        found = {name: data.read(table.files(tables)) for name, table in ingested.tables.items()}
        rows = features.examples(task, found).select(features.PERIOD).distinct()
        periods = sorted(str(row[features.PERIOD]) for row in data.records(rows))
    chosen: dict[str, str | None] = {}
    for name, text in relative.items():
        back = text.removeprefix(NEWEST).removeprefix("-") or "0"
        if not back.isdigit() or int(back) >= len(periods):
            raise TaskError(
                f"{name} is {text}; give newest or newest-N with N below {len(periods)}, as the "
                f"periods with labels are {', '.join(periods) or 'none'}"
            )
        chosen[name] = periods[len(periods) - 1 - int(back)]
    return {**given, **chosen}


def with_periods(task: tasks.Task, given: Mapping[str, str | None]) -> tasks.Task:
    """Replace the task's periods by those that were given, and refuse a split that looks ahead."""
    split = task.settings.split
    train = (given["train_from"] or split.train[0], given["train_to"] or split.train[1])
    holdout = (given["holdout_from"] or split.holdout[0], given["holdout_to"] or split.holdout[1])
    problems = leaks.split_problems(train, holdout)
    if problems:
        raise TaskError("; ".join(problems))
    changed = split.model_copy(update={"train": train, "holdout": holdout})
    settings = task.settings.model_copy(update={"split": changed})
    return task.model_copy(update={"settings": settings})


def main(arguments: Sequence[str]) -> None:
    """Read the command line and prepare."""
    parser = command.parser("prepare", "Make training and hold-out examples from checked tables.")
    parser.add_argument("--tables", type=Path, required=True, help="folder that ingest wrote")
    parser.add_argument("--report", type=Path, required=True, help="folder that validate wrote")
    parser.add_argument("--train", type=Path, required=True, help="folder for training examples")
    parser.add_argument("--holdout", type=Path, required=True, help="folder for hold-out examples")
    for bound in BOUNDS:
        parser.add_argument(
            f"--{bound}",
            metavar="PERIOD",
            help="such as 2013-07, newest or newest-2 (default: task)",
        )
    parser.add_argument(
        "--engine", choices=engines.NAMES, default=engines.NAMES[0], help="default: duckdb"
    )
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    names = [bound.replace("-", "_") for bound in BOUNDS]
    bounds: dict[str, str | None] = {name: getattr(given, name) for name in names}
    task = with_periods(task, resolved(task, given.tables, bounds))
    targets = {"train": command.made(given.train), "holdout": command.made(given.holdout)}
    for part, rows in prepare(task, given.tables, given.report, targets, given.engine).items():
        first, last = getattr(task.settings.split, part)
        command.log.info("%s: %d rows of %s to %s", part, rows, first, last)


if __name__ == "__main__":
    command.run(main)
