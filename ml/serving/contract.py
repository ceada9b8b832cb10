"""The contract of a model, read from its own folder: which columns it takes, of which types."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, cast

import yaml

Kind = Literal["double", "float", "integer", "long", "string", "boolean", "datetime"]
Cells = list[object]
_ENCODER = Path("data") / "scorer" / "encoder.json"
_NUMBERS = frozenset({"double", "float"})
_WHOLE = frozenset({"integer", "long"})
_MOST_PROBLEMS = 20
_WANTED: Mapping[str, str] = {
    "double": "a finite number or null",
    "float": "a finite number or null",
    "integer": "a whole number",
    "long": "a whole number",
    "string": "text or null",
    "boolean": "true or false",
    "datetime": "a time in ISO 8601 such as 2013-07-01T05:00:00Z",
}


class ContractError(ValueError):
    """A model folder whose contract cannot be read."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one column: what it holds, and what it must hold."""

    column: str
    found: str
    wanted: str

    def as_json(self) -> dict[str, str]:
        """Return it as the answer shows it."""
        return {"column": self.column, "found": self.found, "wanted": self.wanted}

    def __str__(self) -> str:
        return f"{self.column}: found {self.found}, wanted {self.wanted}"


class RefusedError(Exception):
    """A request that breaks the contract; `status` is the answer's."""

    def __init__(
        self, status: int, code: str, message: str, problems: Sequence[Problem] = ()
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.problems = status, code, tuple(problems)

    def as_json(self) -> dict[str, object]:
        """Return the body of the answer."""
        found = [problem.as_json() for problem in self.problems]
        return {"error": {"code": self.code, "message": str(self), "problems": found}}


@dataclass(frozen=True)
class Contract:
    """The columns of a model; a column with known categories is text."""

    columns: Mapping[str, Kind]
    categories: Mapping[str, frozenset[str]]
    strict: bool = False
    """Whether a category that the model was not fitted on is refused, not only reported."""

    def check(self, columns: Mapping[str, Sequence[object]]) -> None:
        """Refuse columns that are missing, unknown or of another type.

        Raises:
            RefusedError: 422, naming each column with what was found and what is wanted.
        """
        problems = [
            Problem(name, "no such column", _WANTED[kind])
            for name, kind in self.columns.items()
            if name not in columns
        ]
        known = ", ".join(self.columns)
        problems += [
            Problem(name, "a column", f"one of the model's columns: {known}")
            for name in columns
            if name not in self.columns
        ]
        for name, kind in self.columns.items():
            if name in columns:
                problems += self._wrong(name, kind, columns[name])
        if problems:
            shown = problems[:_MOST_PROBLEMS]
            rest = len(problems) - len(shown)
            told = "; ".join(str(problem) for problem in shown)
            more = f"; and {rest} more" if rest else ""
            raise RefusedError(422, "ContractViolated", f"{told}{more}", shown)

    def unknown(self, columns: Mapping[str, Sequence[object]]) -> dict[str, int]:
        """Return how many cells hold a category that the model was not fitted on, by column."""
        counts = {
            name: sum(
                1 for cell in columns.get(name, ()) if isinstance(cell, str) and cell not in known
            )
            for name, known in self.categories.items()
        }
        return {name: count for name, count in counts.items() if count}

    def _wrong(self, name: str, kind: Kind, cells: Sequence[object]) -> list[Problem]:
        """Return the first wrong cell of a column; one is enough to mend its sender."""
        known = self.categories.get(name)
        for row, cell in enumerate(cells):
            if not _fits(cell, kind):
                return [Problem(name, f"{_short(cell)} in row {row}", _WANTED[kind])]
            if self.strict and known is not None and isinstance(cell, str) and cell not in known:
                wanted = (
                    f"one of its {len(known)} categories, such as {', '.join(sorted(known)[:5])}"
                )
                return [Problem(name, f"{_short(cell)} in row {row}", wanted)]
        return []


def read(folder: Path, *, strict: bool = False) -> Contract:
    """Read the contract of the MLflow model in a folder.

    Raises:
        ContractError: it has no signature, or one of another kind.
    """
    described = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
    inputs = (described.get("signature") or {}).get("inputs")
    if not inputs:
        raise ContractError(f"{folder} has no signature with inputs; log the model with one")
    columns: dict[str, Kind] = {}
    for each in json.loads(inputs):
        name, kind = each.get("name"), each.get("type")
        if not name or kind not in _WANTED:
            raise ContractError(
                f"{folder} takes {each}; named columns of the types {', '.join(_WANTED)} are served"
            )
        columns[str(name)] = cast("Kind", kind)
    encoder = folder / _ENCODER
    known = json.loads(encoder.read_text(encoding="utf-8")) if encoder.is_file() else {}
    categories = {
        str(name): frozenset(values)
        for name, values in (known.get("categories") or {}).items()
        if name in columns
    }
    return Contract(columns, categories, strict)


def _fits(cell: object, kind: Kind) -> bool:
    if kind in _NUMBERS:
        # NaN is no JSON, but what pandas writes for an empty cell.
        return cell is None or (
            isinstance(cell, int | float) and not isinstance(cell, bool) and not math.isinf(cell)
        )
    if kind in _WHOLE:
        return isinstance(cell, int) and not isinstance(cell, bool)
    if kind == "string":
        return cell is None or isinstance(cell, str)
    if kind == "boolean":
        return isinstance(cell, bool)
    return isinstance(cell, str) and _is_time(cell)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _short(cell: object) -> str:
    text = json.dumps(cell, default=str)
    return text if len(text) <= 40 else f"{text[:37]}..."
