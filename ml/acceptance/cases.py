"""Requests that break a model's contract, one of each kind for each column, and what each earns."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.errors import TaskError
from ml.serving.contract import Contract, Kind

EXAMPLE = "input_example.json"
BAD_REQUEST, TOO_LARGE, UNPROCESSABLE = 400, 413, 422
TOO_MANY_ROWS = 1001  # one more than score.py takes unless it is told otherwise
_WRONG: Mapping[Kind, object] = {
    "double": "far",
    "float": "far",
    "integer": 1.5,
    "long": 1.5,
    "string": 7,
    "boolean": "perhaps",
    "datetime": "yesterday",
}
_MAY_BE_EMPTY = frozenset({"double", "float", "string"})
_STRANGER = "column_of_nobody"


@dataclass(frozen=True)
class Example:
    """Rows that a model says it can score, from its own folder."""

    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    @classmethod
    def read(cls, model: Path) -> "Example":
        """Read the input example of a model.

        Raises:
            TaskError: there is none to test with.
        """
        path = model / EXAMPLE
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        if not (isinstance(found, dict) and found.get("columns") and found.get("data")):
            raise TaskError(f"the model holds no {EXAMPLE} with columns and data; train it anew")
        return cls(tuple(map(str, found["columns"])), tuple(tuple(row) for row in found["data"]))

    def column(self, name: str) -> list[object]:
        """Return the cells of a column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]


@dataclass(frozen=True)
class Case:
    """A bad request: its kind, the column that is wrong in it, and the status that it earns."""

    kind: str
    body: bytes
    status: int
    column: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.column}" if self.column else self.kind


def body(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    """Return a request to score rows."""
    table = {"columns": list(columns), "data": [list(row) for row in rows]}
    return json.dumps({"input_data": table}).encode()


def empty(contract: Contract, example: Example) -> Example:
    """Return one row that is empty wherever the contract allows it."""
    row = zip(example.columns, example.rows[0], strict=True)
    cells = (None if contract.columns.get(name) in _MAY_BE_EMPTY else cell for name, cell in row)
    return Example(example.columns, (tuple(cells),))


def bad(contract: Contract, example: Example) -> Iterator[Case]:
    """Make every kind of bad request that the contract knows."""
    row = dict(zip(example.columns, example.rows[0], strict=True))
    names = list(row)
    yield Case("no JSON", b'{"input_data": ', BAD_REQUEST)
    yield Case("no table", b"[1, 2, 3]", BAD_REQUEST)
    yield Case("no table", json.dumps({"rows": [row]}, default=str).encode(), BAD_REQUEST)
    yield Case("no rows", body(names, []), BAD_REQUEST)
    yield Case("ragged row", body(names, [list(row.values())[:-1]]), BAD_REQUEST)
    yield Case("too many rows", body(names, [list(row.values())] * TOO_MANY_ROWS), TOO_LARGE)
    yield Case("unknown column", _of({**row, _STRANGER: 1}), UNPROCESSABLE, _STRANGER)
    for name, kind in contract.columns.items():
        rest = {other: cell for other, cell in row.items() if other != name}
        yield Case("missing column", _of(rest), UNPROCESSABLE, name)
        yield Case("wrong type", _of({**row, name: _WRONG[kind]}), UNPROCESSABLE, name)


def _of(row: Mapping[str, object]) -> bytes:
    return body(list(row), [list(row.values())])
