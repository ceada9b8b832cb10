"""Validate: the tables are held against the frozen schema; a violation stops the pipeline."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ml import task as tasks
from ml.data import checks, manifest
from ml.data.engine import engine
from ml.data.report import Problem, Report
from ml.errors import TaskError
from ml.steps import command


def validate(task: tasks.Task, tables: Path, as_of: datetime) -> Report:
    """Check every table and return the report; nothing is raised for bad data."""
    ingested = manifest.read(tables)
    problems: list[Problem] = []
    notes: list[Problem] = []
    if ingested.schema_sha256 != task.schema_digest:
        raise TaskError(
            f"the tables in {tables} were read with another schema.yaml; run ingest again"
        )
    with engine() as connection:
        for name, table in ingested.tables.items():
            found = checks.check(connection, task, tables, name=name, ingested=table, as_of=as_of)
            for problem, tolerated in found:
                (notes if tolerated else problems).append(problem)
    return Report(
        passed=not problems,
        task=task.settings.name,
        as_of=as_of.isoformat(),
        data_version=ingested.data_version,
        schema_sha256=task.schema_digest,
        tables_digest=ingested.digest,
        rows={name: table.rows for name, table in ingested.tables.items()},
        windows={name: window.version for name, window in ingested.windows.items()},
        problems=tuple(problems),
        notes=tuple(notes),
    )


def moment(text: str) -> datetime:
    """Read a moment in UTC, without its zone, as the tables hold it; `now` is the present."""
    if text == "now":
        return datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise TaskError(
            f"as-of is {text!r}; give a time such as 2014-01-01T06:00:00 or `now`"
        ) from error
    return read.astimezone(UTC).replace(tzinfo=None) if read.tzinfo else read


def main(arguments: Sequence[str]) -> None:
    """Read the command line, validate, and fail after the report is written."""
    parser = command.parser("validate", "Hold tables against the task's frozen schema.")
    parser.add_argument("--tables", type=Path, required=True, help="folder that ingest wrote")
    parser.add_argument("--report", type=Path, required=True, help="folder to write the report to")
    parser.add_argument("--as-of", help="moment the window was taken, in UTC, or `now`")
    given = parser.parse_args(arguments)
    task = tasks.load(given.task)
    as_of = moment(given.as_of or task.settings.data.as_of)
    report = validate(task, given.tables, as_of)
    report.write(command.made(given.report))
    command.log.info("%s", report.text)
    if not report.passed:
        raise TaskError(
            f"the data of version {report.data_version} broke {len(report.problems)} rule(s), "
            f"listed above; correct the files, or change schema.yaml if the data are right"
        )


if __name__ == "__main__":
    command.run(main)
