"""Validate for scoring: the tables are held against the schema, but nobody asks for outcomes."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ml import task as tasks
from ml.data.report import Report
from ml.errors import TaskError
from ml.scoring import admission
from ml.steps import command
from ml.steps.validate import moment, validate


def score_validate(task: tasks.Task, tables: Path, as_of: datetime) -> Report:
    """Check every table and return the report; nothing is raised for bad data."""
    return admission.for_scoring(task, validate(task, tables, as_of))


def refuse(report: Report) -> None:
    """Stop where the tables break a rule that scoring needs."""
    if not report.passed:
        raise TaskError(
            f"the data of version {report.data_version} broke {len(report.problems)} rule(s), "
            "listed above; correct the files, or change schema.yaml if the data are right"
        )


def main(arguments: Sequence[str]) -> None:
    """Read the command line, validate, and fail after the report is written."""
    parser = command.parser("score_validate", "Hold tables that are scored against the schema.")
    parser.add_argument("--tables", type=Path, required=True, help="folder that ingest wrote")
    parser.add_argument("--report", type=Path, required=True, help="folder to write the report to")
    parser.add_argument("--as-of", help="moment the window was taken, in UTC, or `now`")
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    as_of = moment(given.as_of or task.settings.data.as_of)
    report = score_validate(task, given.tables, as_of)
    admission.write(report, command.made(given.report))
    command.log.info("%s", report.text)
    refuse(report)


if __name__ == "__main__":
    command.run(main)
