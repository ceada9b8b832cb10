"""Score: every row of ingested tables by one model on this machine; run again, it goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml import task as tasks
from ml.errors import TaskError
from ml.scoring import admission
from ml.steps import command, score_merge
from ml.steps.score_prepare import BATCH_ROWS, score_prepare
from ml.steps.score_validate import refuse, score_validate
from ml.steps.validate import moment

if TYPE_CHECKING:
    from ml.scoring.merge import Merged
    from ml.scoring.plan import Model


@dataclass(frozen=True, kw_only=True)
class Run:
    """One scoring on this machine; `work` keeps what is done, so that it is not done again."""

    tables: Path
    model: Path
    work: Path
    merged: Path
    as_of: datetime
    processes: int = 1
    batch_rows: int = BATCH_ROWS


def score(task: tasks.Task, run: Run, wanted: "Model") -> "Merged":
    """Validate, prepare, score in processes, and merge."""
    from ml.scoring import merge, workers  # noqa: PLC0415  costs time that --help does not need

    if run.processes < 1:
        raise TaskError(f"processes is {run.processes}; give 1 or more")
    report = score_validate(task, run.tables, run.as_of)
    admission.write(report, command.made(run.work / "report"))
    command.log.info("%s", report.text)
    refuse(report)
    work = workers.Work(
        plan=command.made(run.work / "plan"),
        batches=command.made(run.work / "batches"),
        model=run.model,
        scores=command.made(run.work / "scores"),
    )
    plan = score_prepare(task, run.tables, report, work.batches, run.batch_rows)
    plan.write(work.plan)
    for number, line in enumerate(workers.score(work, plan, wanted, run.processes), start=1):
        command.log.info("%d of %d: %s", number, len(plan.batches), line)
    return merge.merge(plan, wanted, work.batches, work.scores, run.merged)


def main(arguments: Sequence[str]) -> None:
    """Read the command line and score."""
    parser = command.parser("score", "Score every row of ingested tables; run again to go on.")
    parser.add_argument("--tables", type=Path, required=True, help="folder that ingest wrote")
    parser.add_argument("--as-of", help="moment the window was taken, in UTC, or `now`")
    parser.add_argument("--model", type=Path, required=True, help="folder of the model")
    score_merge.model_arguments(parser)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is done")
    parser.add_argument("--merged", type=Path, required=True, help="folder for all scores")
    parser.add_argument("--processes", type=int, default=1, help="processes (default: 1)")
    parser.add_argument("--batch-rows", type=int, default=BATCH_ROWS, help="rows of a mini-batch")
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    run = Run(
        tables=given.tables,
        model=given.model,
        work=given.work,
        merged=given.merged,
        as_of=moment(given.as_of or task.settings.data.as_of),
        processes=given.processes,
        batch_rows=given.batch_rows,
    )
    made = score(task, run, score_merge.model_of(given))
    command.log.info(
        "%d rows scored by %s version %s", made.rows, made.model_name, made.model_version
    )


if __name__ == "__main__":
    command.run(main)
