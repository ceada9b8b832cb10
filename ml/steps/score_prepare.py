"""Prepare for scoring: the features of every event, labelled or not, cut into mini-batches."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ml import task as tasks
from ml.data import leaks, manifest
from ml.data.report import Report
from ml.errors import TaskError
from ml.scoring import admission
from ml.steps import command

if TYPE_CHECKING:
    from ml.scoring.plan import Plan

BATCH_ROWS = 50_000


def score_prepare(
    task: tasks.Task, tables: Path, report: Report, batches: Path, batch_rows: int = BATCH_ROWS
) -> "Plan":
    """Write the mini-batches of exactly the tables that the report admits."""
    leaks.guard(task)
    if batch_rows < 1:
        raise TaskError(f"batch-rows is {batch_rows}; give 1 or more")
    ingested = manifest.read(tables)
    if not report.passed or report.about != admission.ABOUT:
        raise TaskError(f"the data of version {report.data_version} did not pass score_validate")
    if report.tables_digest != ingested.digest:
        raise TaskError(
            f"the report is about data version {report.data_version} and other bytes than these "
            f"tables of version {ingested.data_version}; run score_validate on these tables"
        )
    from ml.scoring import batches as cut  # noqa: PLC0415  ibis takes a second --help does not need

    for old in batches.glob("*.parquet"):
        old.unlink()  # of an earlier run with other rows; every file here is one to score
    return cut.write(task, tables, ingested, batches, batch_rows)


def main(arguments: Sequence[str]) -> None:
    """Read the command line and prepare."""
    parser = command.parser("score_prepare", "Cut the events of checked tables into mini-batches.")
    parser.add_argument("--tables", type=Path, required=True, help="folder that ingest wrote")
    parser.add_argument("--report", type=Path, required=True, help="folder of score_validate")
    parser.add_argument("--batch-rows", type=int, default=BATCH_ROWS, help="rows of a mini-batch")
    parser.add_argument("--batches", type=Path, required=True, help="folder for the mini-batches")
    parser.add_argument("--plan", type=Path, required=True, help="folder for the plan of them")
    given = parser.parse_args(arguments)
    plan = score_prepare(
        tasks.load(given.task),
        given.tables,
        admission.read(given.report),
        command.made(given.batches),
        given.batch_rows,
    )
    plan.write(command.made(given.plan))
    command.log.info("%d rows in %d mini-batches", plan.rows, len(plan.batches))


if __name__ == "__main__":
    command.run(main)
