"""What validation asks of a table that is scored: its rows have no outcome yet, and need none."""

from pathlib import Path

from pydantic import ValidationError

from ml.data.report import Problem, Report
from ml.errors import TaskError
from ml.task import Task

# Not report.json: what may be scored need not be fit to train on, and prepare must not take it.
JSON, TEXT = "scoring_report.json", "scoring_report.txt"
ABOUT = "validation for scoring"
_OF_LABELS = frozenset({"target missing", "one class"})
_OF_CELLS = frozenset(
    {"missing column", "all-null column", "empty cells", "out of range", "unknown category"}
)
# A table without events has nothing to score, and one that lists coming events is in the future.
_OF_EVENTS = frozenset({"no rows", "rows from the future"})


def for_scoring(task: Task, report: Report) -> Report:
    """Return the report with what scoring does not need among the notes."""
    needless = [problem for problem in report.problems if _needless(task, problem)]
    problems = [problem for problem in report.problems if problem not in needless]
    return report.model_copy(
        update={
            "about": ABOUT,
            "passed": not problems,
            "problems": tuple(problems),
            "notes": (*report.notes, *needless),
        }
    )


def write(report: Report, folder: Path) -> None:
    """Write the report for programs and for people."""
    (folder / JSON).write_text(report.model_dump_json(indent=2) + "\n", encoding="utf-8")
    (folder / TEXT).write_text(report.text + "\n", encoding="utf-8")


def read(folder: Path) -> Report:
    """Read the report that the score_validate step wrote."""
    path = folder / JSON
    if not path.is_file():
        raise TaskError(f"{folder} has no {JSON}; give the folder that score_validate wrote")
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise TaskError(f"{path} is no validation report of this version: {error}") from error


def _needless(task: Task, problem: Problem) -> bool:
    if problem.rule in _OF_LABELS:
        return True
    settings = task.settings
    if problem.rule in _OF_EVENTS:
        return problem.table in {settings.events, settings.label.table}
    if problem.rule not in _OF_CELLS:
        return False
    unknown: set[str] = set()
    if problem.table == settings.events:
        columns = task.events.columns
        unknown |= {name for name, rule in columns.items() if rule.known == "after"}
    if problem.table == task.label_table:
        unknown.add(settings.label.column)
    return set(problem.columns) <= unknown
