"""The counts of a profile as one ibis expression, the same for DuckDB and Spark."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
from ibis.expr import types as ir

from ml.data.columns import column, count, moment
from ml.drift.bins import Bins, CategoryBins, NumberBins
from ml.drift.layout import BRIER, LOG_LOSS, MICRO, Block, Layout
from ml.drift.merging import UNSEEN
from ml.metrics import EPSILON

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Table, Value

ALL = "all"
HALF, NONE, ONE = (ibis.literal(value, "float64") for value in (0.5, 0.0, 1.0))
CELLS, SEEN, OUTCOMES, SUMS, ROWS = "cells", "seen", "outcomes", "sums", "rows"
POSITIVE, NEGATIVE = "positive", "negative"


@dataclass(frozen=True)
class Counted:
    """A table with the blocks, labels and losses that the counts are grouped by and summed of."""

    rows: "Table"
    layout: Layout
    bins: Bins
    reference: bool

    @property
    def block(self) -> "Value":
        """The name of each row's block."""
        if not self.layout.time:
            return ibis.literal(ALL)
        at = moment(self.rows, self.layout.time) + ibis.interval(hours=-self.layout.day_starts)
        name = at.date().cast("string")
        if self.layout.block is Block.HOUR:
            name = name + "T" + at.hour().cast("string").lpad(2, "0")
        return name

    @property
    def scored(self) -> "BooleanValue":
        """Whether a row has both a label and a score."""
        return self.label.notnull() & self.score.notnull()

    @property
    def label(self) -> ir.FloatingValue:
        """The label, nothing where there is none."""
        return number(self.rows, self.layout.label or "")

    @property
    def score(self) -> ir.FloatingValue:
        """The score, nothing where there is none."""
        return number(self.rows, self.layout.score or "")

    def losses(self) -> "dict[str, Value]":
        """Return what each row with label and score loses, in millionths."""
        label, score = self.label, self.score
        inside = score.clip(lower=EPSILON, upper=1 - EPSILON)
        hit = as_number(ibis.ifelse(label > HALF, inside, 1 - inside))
        found = {
            BRIER: (label - score) * (label - score),
            LOG_LOSS: -hit.ln(),
            **{name: cost.of_columns(label, score) for name, cost in self.layout.costs.items()},
        }
        return {name: _millionths(loss) for name, loss in found.items()}


def counts(counted: Counted, names: Sequence[str]) -> "Table":
    """Return one row for each count: its kind, column, block, cell or category, and numbers."""
    parts = [_rows(counted)]
    for name in names:
        cut = counted.bins.columns[name]
        parts.append(_cells(counted, name, cut))
        if isinstance(cut, CategoryBins) and cut.complete:
            parts.append(_unseen(counted, name, cut))
    if counted.layout.label and counted.layout.score:
        cut = counted.bins.number(counted.layout.score)
        rows = counted.rows.filter(counted.scored)
        known = Counted(rows, counted.layout, counted.bins, reference=False)
        parts += [_outcomes(known, cut), *_sums(known)]
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def number(rows: "Table", name: str) -> ir.FloatingValue:
    """Return a column of numbers; what is no number is nothing."""
    found = as_number(column(rows, name, ir.NumericColumn))
    return as_number(ibis.ifelse(found.isnan(), ibis.null("float64"), found))


def as_number(value: "Value") -> ir.FloatingValue:
    """Return a value as a number of 64 bits."""
    found = value.cast("float64")
    if not isinstance(found, ir.FloatingValue):
        raise TypeError(f"a number is wanted, got {found.type()}")
    return found


def cell(value: ir.FloatingValue, edges: Sequence[float]) -> "Value":
    """Return the number of edges below a value, by halving: eight steps for 200 edges."""

    def between(low: int, high: int) -> "Value":
        if low == high:
            return ibis.literal(low, "int32")
        middle = (low + high) // 2
        within = value <= ibis.literal(edges[middle], "float64")
        return ibis.ifelse(within, between(low, middle), between(middle + 1, high))

    return ibis.ifelse(value.isnull(), ibis.literal(-1, "int32"), between(0, len(edges)))


def _cells(counted: Counted, name: str, cut: NumberBins | CategoryBins) -> "Table":
    if isinstance(cut, NumberBins):
        where, value = cell(number(counted.rows, name), cut.edges), ibis.null("string")
    else:
        text = counted.rows[name].cast("string")
        known = text.isin(_literals(cut.names))
        where = ibis.ifelse(text.isnull(), -1, ibis.ifelse(known, 0, len(cut.names)))
        value = ibis.ifelse(known, text, ibis.null("string"))
    named = {"block": counted.block, "cell": where.cast("int32"), "value": value}
    if not counted.reference:
        return _grouped(counted.rows.select(**named), CELLS, name)
    lost = ibis.ifelse(counted.scored, counted.losses()[BRIER], 0)
    rows = counted.rows.select(**named, known=counted.scored.cast("int64"), lost=lost)
    return _grouped(rows, CELLS, name, labelled=rows["known"], lost=rows["lost"])


def _unseen(counted: Counted, name: str, cut: CategoryBins) -> "Table":
    text = counted.rows[name].cast("string")
    other = counted.rows.filter(text.notnull() & ~text.isin(_literals(cut.names)))
    rows = other.select(
        block=ibis.literal(""), cell=ibis.literal(-1, "int32"), value=other[name].cast("string")
    )
    return _grouped(rows, SEEN, name).order_by("value").limit(UNSEEN)


def _outcomes(counted: Counted, cut: NumberBins) -> "Table":
    rows = counted.rows.select(
        block=counted.block,
        cell=cell(counted.score, cut.edges),
        value=ibis.ifelse(counted.label > HALF, POSITIVE, NEGATIVE),
    )
    return _grouped(rows, OUTCOMES, "")


def _sums(counted: Counted) -> "list[Table]":
    parts: list[Table] = []
    for name, loss in counted.losses().items():
        rows = counted.rows.select(
            block=counted.block, cell=ibis.literal(0, "int32"), value=ibis.null("string"), lost=loss
        )
        parts.append(_grouped(rows, SUMS, name, lost=rows["lost"]))
    return parts


def _rows(counted: Counted) -> "Table":
    rows = counted.rows.select(
        block=counted.block, cell=ibis.literal(0, "int32"), value=ibis.null("string")
    )
    return _grouped(rows, ROWS, "")


def part(kind: str, name: str = "") -> str:
    """Name a group of counts."""
    return f"{kind}:{name}"


def _grouped(rows: "Table", kind: str, name: str, **sums: "Value") -> "Table":
    nothing = {"labelled": ibis.literal(0, "int64"), "lost": ibis.literal(0, "int64")}
    added = {key: _whole(value).sum().cast("int64") for key, value in sums.items()}
    found = rows.group_by("block", "cell", "value").aggregate(rows=rows.count(), **added)
    return found.select(
        part=ibis.literal(part(kind, name)), block=found["block"], cell=found["cell"],
        value=found["value"], rows=found["rows"].cast("int64"),
        **{key: found[key] if key in added else value for key, value in nothing.items()},
    )  # fmt: skip


def _millionths(loss: "Value") -> "Value":
    return (as_number(loss) * float(MICRO) + 0.5).floor().cast("int64")


def refusals(counted: Counted) -> "Table":
    """Return one row: how many rows there are and how many cannot be counted, by reason."""
    layout, nothing = counted.layout, counted.rows.count() - counted.rows.count()
    time = label = score = nothing
    if layout.time:
        time = count(counted.rows[layout.time].isnull())
    if layout.label:
        label = count((counted.label != NONE) & (counted.label != ONE))
        score = count((counted.score < NONE) | (counted.score > ONE))
    return counted.rows.aggregate(rows=counted.rows.count(), time=time, label=label, score=score)


def _literals(names: Sequence[str]) -> "list[Value]":
    return [ibis.literal(name) for name in names]


def _whole(value: "Value") -> ir.IntegerColumn:
    if not isinstance(value, ir.IntegerColumn):
        raise TypeError(f"whole numbers are wanted, got {value.type()}")
    return value
