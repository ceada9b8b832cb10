"""The report of a validation: every problem with its table, column, rows and examples."""

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import TaskError

JSON, TEXT = "report.json", "report.txt"


class Problem(BaseModel):
    """One broken rule, or one that was bent within what the schema tolerates."""

    model_config = ConfigDict(frozen=True)
    rule: str
    table: str
    window: str = ""
    columns: tuple[str, ...] = ()
    rows: int = 0
    found: str
    wanted: str
    examples: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One line for people, and one line for each example."""
        where = f"{self.table}.{', '.join(self.columns)}" if self.columns else self.table
        where += f" in window {self.window}" if self.window else ""
        count = f" in {self.rows} rows" if self.rows else ""
        head = f"{where}: {self.rule}{count}: found {self.found}; wanted {self.wanted}"
        return "\n".join([head, *(f"    {example}" for example in self.examples)])


class Report(BaseModel):
    """The outcome of a validation and exactly what it looked at."""

    model_config = ConfigDict(frozen=True)
    passed: bool
    about: str = "validation"
    task: str
    as_of: str
    data_version: str
    schema_sha256: str
    tables_digest: str
    rows: dict[str, int]
    windows: dict[str, str]
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]

    @property
    def text(self) -> str:
        """The whole report for people."""
        rows = ", ".join(f"{name} {count}" for name, count in self.rows.items())
        lines = [
            f"{self.about} of {self.task}, data version {self.data_version}, as of {self.as_of}",
            f"rows: {rows}",
            f"windows: {', '.join(name or 'all' for name in self.windows)}",
        ]
        if self.problems:
            lines.append(f"FAILED: {len(self.problems)} problem(s)")
            lines += [f"- {problem.sentence}" for problem in self.problems]
        else:
            lines.append("passed")
        if self.notes:
            lines.append("tolerated:")
            lines += [f"- {note.sentence}" for note in self.notes]
        return "\n".join(lines)

    def write(self, folder: Path) -> None:
        """Write the report for programs and for people."""
        document = json.dumps(self.model_dump(mode="json"), indent=2)
        (folder / JSON).write_text(document + "\n", encoding="utf-8")
        (folder / TEXT).write_text(self.text + "\n", encoding="utf-8")


def read(folder: Path) -> Report:
    """Read the report that the validate step wrote."""
    path = folder / JSON
    if not path.is_file():
        raise TaskError(f"{folder} has no {JSON}; give the folder that the validate step wrote")
    try:
        return Report.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise TaskError(f"{path} is no validation report of this version: {error}") from error
