"""Profiles from an ibis table: the engine counts, only counts travel."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa

from ml.drift import expressions
from ml.drift.bins import Bins, CategoryBins, Ints, NumberBins, categories
from ml.drift.expressions import CELLS, OUTCOMES, POSITIVE, ROWS, SEEN, SUMS, Counted, part
from ml.drift.layout import Layout, narrowed
from ml.drift.merging import first_names
from ml.drift.profile import Cells, NoRowsError, Outcomes, Profile
from ml.errors import TaskError

if TYPE_CHECKING:
    from ibis.expr.types import Table

Execute = Callable[["Table"], pa.Table]


def profile(
    rows: "Table",
    bins: Bins,
    layout: Layout,
    *,
    reference: bool = False,
    execute: Execute | None = None,
) -> Profile:
    """Count all rows where they are; the same rows give the same profile as batches do."""
    run = execute or (lambda table: table.to_pyarrow())
    fitting, problems = _fitting(rows, bins, layout)
    counted = Counted(rows, layout, bins, reference=reference and bool(layout.label))
    _refuse(run(expressions.refusals(counted)).to_pylist()[0], layout)
    found = _Counts(run(expressions.counts(counted, list(fitting))))
    outcomes = None
    if layout.label and layout.score:
        outcomes = found.outcomes(layout, bins.number(layout.score).cells)
    known = reference and outcomes is not None
    rows_of = found.of(ROWS)
    return Profile(
        bins=bins.digest,
        blocks=found.blocks,
        rows=rows_of.by_block(rows_of.rows, len(found.blocks)),
        columns={name: found.cells(name, cut, reference=known) for name, cut in fitting.items()},
        outcomes=outcomes,
        problems=problems,
    )


def segments(
    rows: "Table", bins: Bins, layout: Layout, by: Iterable[str], execute: Execute | None = None
) -> dict[str, Profile]:
    """Count score and outcomes apart for each known name of each column, such as origin=JFK."""
    found: dict[str, Profile] = {}
    narrow = narrowed(layout)
    for column in by:
        for name in sorted(categories(bins, column)):
            chosen = rows.filter(rows[column].cast("string") == ibis.literal(name))
            with suppress(NoRowsError):
                found[f"{column}={name}"] = profile(chosen, bins, narrow, execute=execute)
    return dict(sorted(found.items()))


def _fitting(
    rows: "Table", bins: Bins, layout: Layout
) -> tuple[Mapping[str, NumberBins | CategoryBins], tuple[str, ...]]:
    """Return the columns that can be counted, and what is wrong with the others."""
    schema, problems = rows.schema(), list[str]()
    fitting: dict[str, NumberBins | CategoryBins] = {}
    for needed in (layout.time, layout.label, layout.score):
        if needed and needed not in schema:
            raise TaskError(
                f"the window has no column {needed}, which monitoring cannot do without; it has "
                f"{', '.join(schema)}"
            )
    for name in layout.counted:
        cut = bins.columns.get(name)
        if cut is None:
            raise TaskError(f"the bins have no column {name}; freeze them with it")
        kind = schema.get(name)
        if kind is None:
            problems.append(f"column {name} is missing")
        elif kind.is_numeric() if cut.kind == "number" else kind.is_string() or kind.is_boolean():
            fitting[name] = cut
        else:
            problems.append(f"column {name} holds {kind}, wanted a {cut.kind}")
    return fitting, tuple(sorted(problems))


def _refuse(found: Mapping[str, int | None], layout: Layout) -> None:
    """Raise where rows cannot be counted."""
    if not found["rows"]:
        raise NoRowsError("there is no row to profile; give a window with at least one row")
    reasons = {
        "time": "rows have no time, so they belong to no day; leave them out or give them a time",
        "label": f"rows have another label than 0, 1 or nothing in {layout.label}",
        "score": f"rows have a score that is no probability in {layout.score}",
    }
    wrong = [f"{found[key]} {reason}" for key, reason in reasons.items() if found[key]]
    if wrong:
        raise TaskError(f"of {found['rows']} rows " + "; ".join(wrong))


@dataclass(frozen=True)
class _Group:
    """Counts of one kind and column."""

    block: Ints
    cell: Ints
    value: list[str | None]
    rows: Ints
    labelled: Ints
    lost: Ints

    def by_cell(self, counts: Ints, cells: Ints, number: int) -> Ints:
        """Add counts up by cell; an empty cell has none."""
        total = np.zeros(number, dtype=np.int64)
        np.add.at(total, cells[cells >= 0], counts[cells >= 0])
        return total

    def table(self, cells: Ints, shape: tuple[int, int]) -> Ints:
        """Add rows up by block and cell; an empty cell has none."""
        total = np.zeros(shape, dtype=np.int64)
        np.add.at(total, (self.block[cells >= 0], cells[cells >= 0]), self.rows[cells >= 0])
        return total

    def by_block(self, counts: Ints, blocks: int) -> Ints:
        """Add counts up by block."""
        total = np.zeros(blocks, dtype=np.int64)
        np.add.at(total, self.block, counts)
        return total


class _Counts:
    """The counts as arrays, apart by what they are counts of."""

    def __init__(self, found: pa.Table) -> None:
        encoded = found["part"].combine_chunks().dictionary_encode()
        self.parts = {name: place for place, name in enumerate(encoded.dictionary.to_pylist())}
        self.part = encoded.indices.to_numpy()
        self.found = found
        chosen = found.filter(pa.array(self.part == self.parts[part(ROWS)]))
        self.blocks = tuple(sorted(chosen["block"].to_pylist()))

    def of(self, kind: str, name: str = "") -> _Group:
        """Return the counts of one kind and column; none where nothing was counted."""
        chosen = self.found.filter(pa.array(self.part == self.parts.get(part(kind, name), -1)))
        places = {block: place for place, block in enumerate(self.blocks)}
        blocks = [places.get(block, 0) for block in chosen["block"].to_pylist()]
        cell, rows, labelled, lost = (
            chosen[key].to_numpy().astype(np.int64) for key in ("cell", "rows", "labelled", "lost")
        )
        value = chosen["value"].to_pylist()
        return _Group(np.asarray(blocks, dtype=np.int64), cell, value, rows, labelled, lost)

    def cells(self, name: str, cut: NumberBins | CategoryBins, *, reference: bool) -> Cells:
        """Return the counts of one column."""
        group, shape = self.of(CELLS, name), (len(self.blocks), cut.cells)
        cells = group.cell
        if isinstance(cut, CategoryBins):
            known = {category: place for place, category in enumerate(cut.names)}
            places = zip(group.value, cells.tolist(), strict=True)
            found = [cell if value is None else known[value] for value, cell in places]
            cells = np.asarray(found, dtype=np.int64)
        seen = self.of(SEEN, name)
        return Cells(
            counts=group.table(cells, shape),
            nulls=group.by_block(np.where(cells < 0, group.rows, 0), shape[0]),
            unseen=first_names([dict(zip(_names(seen.value), seen.rows.tolist(), strict=True))]),
            labelled=group.by_cell(group.labelled, cells, cut.cells) if reference else None,
            losses=group.by_cell(group.lost, cells, cut.cells) if reference else None,
        )

    def outcomes(self, layout: Layout, cells: int) -> Outcomes:
        """Return what came true."""
        group, shape = self.of(OUTCOMES), (len(self.blocks), cells)
        positive = np.asarray([value == POSITIVE for value in group.value], dtype=bool)
        sums = {name: self.of(SUMS, name) for name in layout.losses}
        return Outcomes(
            positives=group.table(np.where(positive, group.cell, -1), shape),
            negatives=group.table(np.where(positive, -1, group.cell), shape),
            sums={name: each.by_block(each.lost, shape[0]) for name, each in sums.items()},
        )


def _names(values: list[str | None]) -> list[str]:
    return [value for value in values if value is not None]
