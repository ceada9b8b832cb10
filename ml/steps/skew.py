"""Skew: what is computed for a scoring request is held against what training was given."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml import task as tasks
from ml.data import engine as engines
from ml.data import manifest
from ml.data.report import Problem, Report
from ml.errors import TaskError
from ml.steps import command, profile

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table as Rows

SAMPLE = 2000
NULLS, OUTSIDE = 0.05, 0.02


def skew(
    task: tasks.Task,
    tables: Path,
    served: Path | None = None,
    reference: Path | None = None,
    sample: int = SAMPLE,
) -> Report:
    """Compare features event by event, and where a reference is given, rates with training's.

    `served` are rows as an endpoint collected them: the event's key as key_NAME and every feature
    as the model got it. Without them a sample of the events goes through the request path here.
    """
    import ibis  # noqa: PLC0415  a second that --help does not need

    from ml.data import features  # noqa: PLC0415  as above
    from ml.data import skew as comparing  # noqa: PLC0415  as above

    ingested = manifest.read(tables)
    problems: list[Problem] = []
    with engines.opened(engines.NAMES[0]) as engine:
        found = {name: engine.read(table.files(tables)) for name, table in ingested.tables.items()}
        rows: Rows
        if served:
            rows = engine.read(sorted(served.rglob("*.parquet")) if served.is_dir() else [served])
        else:
            rows = ibis.memtable(_requested(engine, task, tables, ingested, sample))
        compared = int(str(engine.records(rows.aggregate(n=rows.count()))[0]["n"]))
        problems += comparing.differences(engine, task, features.keyed(task, found), rows)
        if reference:
            problems += _rates(engine, task, rows, reference)
    return Report(
        passed=not problems,
        about="training-serving skew",
        task=task.settings.name,
        as_of=datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat(),
        data_version=ingested.data_version,
        schema_sha256=task.schema_digest,
        tables_digest=ingested.digest,
        rows={comparing.TABLE: compared},
        windows={name: window.version for name, window in ingested.windows.items()},
        problems=tuple(problems),
        notes=(),
    )


def _requested(
    engine: engines.Engine,
    task: tasks.Task,
    tables: Path,
    ingested: manifest.Manifest,
    sample: int,
) -> "pa.Table":
    """Send a sample of events through the request path, with what is known of them before."""
    import pyarrow as pa  # noqa: PLC0415  see skew

    from ml.data import request  # noqa: PLC0415  see skew

    serving = request.load(task, tables, ingested)
    rows = engine.read(ingested.tables[task.settings.events].files(tables))
    keys = list(task.events.key)
    names = dict.fromkeys([*keys, *serving.needed])
    # Spread over all windows, and the same events whenever the tables are the same.
    spread = rows[keys[0]].cast("string")
    for key in keys[1:]:
        spread = spread.concat("|", rows[key].cast("string"))
    chosen = rows.mutate(_spread=spread.hash()).order_by(["_spread", *keys]).limit(sample)
    events = engine.records(chosen.select(*names))
    made = serving.columns(events)
    columns = {f"key_{name}": [event[name] for event in events] for name in keys}
    kinds = {name: pa.string() if name in task.categories else pa.float32() for name in made}
    return pa.table(
        {**columns, **{name: pa.array(cells, type=kinds[name]) for name, cells in made.items()}}
    )


def _rates(
    engine: engines.Engine, task: tasks.Task, rows: "Rows", reference: Path
) -> list[Problem]:
    from ml.data import skew as comparing  # noqa: PLC0415  see skew
    from ml.drift import profile as profiles  # noqa: PLC0415  see skew
    from ml.drift import query  # noqa: PLC0415  see skew
    from ml.drift.layout import Layout  # noqa: PLC0415  see skew

    bins = profile.frozen(reference)
    path = reference / profile.PROFILE
    if not path.is_file():
        raise TaskError(f"{reference} has no {profile.PROFILE}; give the training profile")
    training = profiles.read(path.read_text(encoding="utf-8"))
    layout = Layout(columns=task.feature_names)
    serving = query.profile(rows, bins, layout, execute=engine.table)
    return list(comparing.rates(bins, training, serving, nulls=NULLS, outside=OUTSIDE))


def main(arguments: Sequence[str]) -> None:
    """Read the command line, compare, and fail after the report is written."""
    parser = command.parser("skew", "Hold features of scoring requests against training's.")
    parser.add_argument("--tables", type=Path, required=True, help="folder that ingest wrote")
    parser.add_argument("--report", type=Path, required=True, help="folder to write the report to")
    parser.add_argument(
        "--served",
        type=Path,
        help="rows that an endpoint collected (default: a sample of the events)",
    )
    parser.add_argument("--reference", type=Path, help="profile of the training examples")
    parser.add_argument(
        "--sample", type=int, default=SAMPLE, help=f"events without --served (default: {SAMPLE})"
    )
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    report = skew(task, given.tables, given.served, given.reference, given.sample)
    report.write(command.made(given.report))
    command.log.info("%s", report.text)
    if not report.passed:
        raise TaskError(
            f"serving and training differ in {len(report.problems)} way(s), listed above; mend the "
            "path that is wrong before a model is released"
        )


if __name__ == "__main__":
    command.run(main)
