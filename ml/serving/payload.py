"""The body of a scoring request: the forms that clients send tables in, down to columns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.serving.contract import Problem, RefusedError

_FORMS = ("input_data", "dataframe_split", "dataframe_records")
_CONTEXT = "context"
_WANTED = (
    '{"input_data": {"columns": [...], "data": [[...], ...]}}, or dataframe_split or '
    "dataframe_records as MLflow takes them"
)
ID = "request_id"


@dataclass(frozen=True)
class Table:
    """What is to be scored, and what is collected beside it, column by column.

    `context` holds a text for each row that the model does not see: its id, its entity, its time.
    """

    columns: Mapping[str, Sequence[object]]
    context: Mapping[str, Sequence[str]]
    rows: int


def read(body: str | bytes, most_rows: int) -> Table:
    """Read a body.

    Raises:
        RefusedError: 400 when it is no table, 413 when it has too many rows.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
        raise RefusedError(400, "NotJson", f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _shapeless(f"a {type(document).__name__}")
    given = [form for form in _FORMS if form in document]
    if len(given) != 1:
        raise _shapeless(f"the keys {', '.join(sorted(map(str, document))) or 'none'}")
    other = sorted(set(document) - {*_FORMS, _CONTEXT, "params"})
    if other:
        raise _shapeless(f"the keys {', '.join(other)} beside {given[0]}")
    columns, rows = _columns(document[given[0]])
    if rows > most_rows:
        message = f"the request has {rows} rows; send {most_rows} at most, or score them in a batch"
        raise RefusedError(413, "TooManyRows", message)
    if not rows:
        raise _shapeless("no rows")
    return Table(columns, _context(document.get(_CONTEXT) or {}, rows), rows)


def _columns(found: object) -> tuple[dict[str, list[object]], int]:
    if isinstance(found, dict):
        return _split(found)
    if isinstance(found, list) and all(isinstance(row, dict) for row in found):
        names = dict.fromkeys(name for row in found for name in row)
        ragged = [name for name in names if any(name not in row for row in found)]
        if ragged:
            # A record without a column is not one with null: the sender may have misspelt it.
            problems = [
                Problem(
                    str(name),
                    f"not in row {next(i for i, row in enumerate(found) if name not in row)}",
                    "in every row; null where it is not known",
                )
                for name in ragged
            ]
            told = "; ".join(map(str, problems))
            raise RefusedError(422, "ContractViolated", told, problems)
        return {str(name): [row[name] for row in found] for name in names}, len(found)
    raise _shapeless(f"a {type(found).__name__} of rows")


def _split(found: Mapping[str, object]) -> tuple[dict[str, list[object]], int]:
    names, data = found.get("columns"), found.get("data")
    if not isinstance(names, list) or not isinstance(data, list):
        raise _shapeless("a table without the lists columns and data")
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise _shapeless(f"the columns {', '.join(twice)} twice")
    for number, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(names):
            size = len(row) if isinstance(row, list) else type(row).__name__
            raise _shapeless(f"row {number} with {size} cells for {len(names)} columns")
    return {str(name): [row[at] for row in data] for at, name in enumerate(names)}, len(data)


def _context(found: object, rows: int) -> dict[str, list[str]]:
    if not isinstance(found, dict):
        raise _shapeless("a context that is no object of lists")
    problems = [
        Problem(f"{_CONTEXT}.{name}", _told(cells), f"a list of {rows} texts")
        for name, cells in found.items()
        if not isinstance(cells, list)
        or len(cells) != rows
        or not all(isinstance(cell, str) for cell in cells)
    ]
    if problems:
        told = "; ".join(map(str, problems))
        raise RefusedError(422, "ContractViolated", told, problems)
    return {str(name): [str(cell) for cell in cells] for name, cells in found.items()}


def _told(cells: object) -> str:
    return f"{len(cells)} cells" if isinstance(cells, list) else type(cells).__name__


def _shapeless(found: str) -> RefusedError:
    return RefusedError(400, "NoTable", f"the body has {found}; wanted {_WANTED}")
