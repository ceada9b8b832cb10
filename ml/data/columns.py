"""Columns of an expression with the kind that the schema promises, checked and known to types."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

import ibis
from ibis.expr import types as ir

from ml.data.schema import Column
from ml.errors import TaskError

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Scalar, Table, Value

K = TypeVar("K", bound=ir.Column)


def column(rows: "Table", name: str, kind: type[K]) -> K:
    """Return a column that is of this kind."""
    found = rows[name]
    if not isinstance(found, kind):
        raise TaskError(
            f"column {name} holds {found.type()}, but {kind.__name__} is wanted; read the tables "
            "anew with the present schema.yaml"
        )
    return found


def number(rows: "Table", name: str) -> ir.NumericColumn:
    """Return a column of numbers."""
    return column(rows, name, ir.NumericColumn)


def integer(rows: "Table", name: str) -> ir.IntegerColumn:
    """Return a column of whole numbers."""
    return column(rows, name, ir.IntegerColumn)


def moment(rows: "Table", name: str) -> ir.TimestampColumn:
    """Return a column of times."""
    return column(rows, name, ir.TimestampColumn)


def floating(value: "Value") -> ir.FloatingValue:
    """Return a value as a number of 64 bits."""
    found = value.cast("float64")
    if not isinstance(found, ir.FloatingValue):
        raise TypeError(f"a number is wanted, got {value.type()}")
    return found


def period_start(rows: "Table", names: Sequence[str]) -> ir.TimestampColumn:
    """Return the first moment of each row's period, given by year, month and day or fewer."""
    given = [integer(rows, name).cast("int32") for name in names]
    year, month, day = (*given, *[1] * (3 - len(given)))
    start = ibis.date(year, month, day).cast("timestamp")  # Spark makes no times of six numbers
    if not isinstance(start, ir.TimestampColumn):
        raise TypeError(f"a period is made of columns, got {start.type()} of {', '.join(names)}")
    return start


def count(condition: "BooleanValue") -> "Scalar":
    """Count the rows where a condition holds."""
    holds = condition.cast("int64")
    if not isinstance(holds, ir.NumericColumn):
        raise TypeError(f"a condition over rows is wanted, got {condition.type()}")
    return holds.sum()


def anyone(conditions: "list[BooleanValue]") -> "BooleanValue":
    """Whether one of the conditions holds; an unknown one does not."""
    first, *others = conditions
    for other in others:
        first |= other
    return first.fill_null(ibis.literal(False))


def outlier(value: "Value", rule: Column) -> "BooleanValue":
    """Whether a cell lies outside what its column may hold; an empty cell does not."""
    parts: list[BooleanValue] = []
    if rule.min is not None:
        parts.append(value < ibis.literal(rule.min))
    if rule.max is not None:
        parts.append(value > ibis.literal(rule.max))
    if rule.values:
        parts.append(value.notin([ibis.literal(text) for text in rule.values]))
    return anyone(parts)
