"""Profiles from batches of rows, one batch in memory at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ml.drift import arrays
from ml.drift.bins import Bins, CategoryBins, Ints, NumberBins, categories
from ml.drift.layout import BRIER, Layout, losses, narrowed
from ml.drift.merging import first_names, merge
from ml.drift.profile import Cells, NoRowsError, Outcomes, Profile
from ml.errors import TaskError

ALL = "all"  # the block of rows without a time
EXACT = 2**53  # whole numbers up to here are added exactly
FEW = 64  # profiles that are kept before they are added up
Mask = npt.NDArray[np.bool_]


def profile(
    batches: Iterable[pa.RecordBatch], bins: Bins, layout: Layout, *, reference: bool = False
) -> Profile:
    """Count all rows; a reference also keeps the loss in every cell."""
    parts: list[Profile] = []
    for batch in batches:
        if batch.num_rows:
            parts.append(_counted(batch, bins, layout, reference=reference))
        if len(parts) >= FEW:
            parts = [merge(parts)]
    if not parts:
        raise NoRowsError("there is no row to profile; give a window with at least one row")
    return merge(parts)


def segments(
    batches: Iterable[pa.RecordBatch], bins: Bins, layout: Layout, by: Iterable[str]
) -> dict[str, Profile]:
    """Count score and outcomes apart for each known name of each column, such as origin=JFK."""
    narrow = narrowed(layout)
    chosen = {name: categories(bins, name) for name in by}
    parts: dict[str, list[Profile]] = {}
    for batch in batches:
        for column, known in chosen.items():
            present, places = arrays.coded(batch.column(column))
            for place, name in enumerate(present):
                if name in known:
                    rows = batch.filter(pa.array(places == place))
                    found = parts.setdefault(f"{column}={name}", [])
                    found.append(_counted(rows, bins, narrow, reference=False))
                    if len(found) >= FEW:
                        found[:] = [merge(found)]
    return {name: merge(found) for name, found in sorted(parts.items())}


def _counted(batch: pa.RecordBatch, bins: Bins, layout: Layout, *, reference: bool) -> Profile:
    if layout.time:
        blocks, places = arrays.blocks(_needed(batch, layout.time), layout.block, layout.day_starts)
    else:
        blocks, places = (ALL,), np.zeros(batch.num_rows, dtype=np.int64)
    scored = outcomes = None
    if layout.label and layout.score:
        cut = bins.number(layout.score)
        scored = _scored(batch, layout, cut)
        outcomes = scored.outcomes(places, (len(blocks), cut.cells))
    columns: dict[str, Cells] = {}
    problems: list[str] = []
    for name in layout.counted:
        cut = bins.columns.get(name)
        if cut is None:
            raise TaskError(f"the bins have no column {name}; freeze them with it")
        if name not in batch.schema.names:
            problems.append(f"column {name} is missing")
            continue
        column = batch.column(name)
        if arrays.fits(column, cut):
            columns[name] = _cells(column, cut, places, len(blocks), scored if reference else None)
        else:
            problems.append(f"column {name} holds {column.type}, wanted a {cut.kind}")
    return Profile(
        bins=bins.digest,
        blocks=blocks,
        rows=np.bincount(places, minlength=len(blocks)),
        columns=columns,
        outcomes=outcomes,
        problems=tuple(problems),
    )


def _cells(
    column: pa.Array,
    cut: NumberBins | CategoryBins,
    places: Ints,
    blocks: int,
    scored: "Scored | None",
) -> Cells:
    where = arrays.cells(column, cut)
    filled = where >= 0
    unseen: dict[str, int] = {}
    if isinstance(cut, CategoryBins) and cut.complete and (where == len(cut.names)).any():
        unseen = first_names([arrays.tally(column.filter(pa.array(where == len(cut.names))))])
    labelled = lost = None
    if scored:
        kept = filled[scored.labelled]
        inside = where[scored.labelled][kept]
        labelled = np.bincount(inside, minlength=cut.cells)
        lost = _sums(scored.loss[kept], inside, cut.cells)
    return Cells(
        counts=_table(where[filled], places[filled], (blocks, cut.cells)),
        nulls=np.bincount(places[~filled], minlength=blocks),
        unseen=unseen,
        labelled=labelled,
        losses=lost,
    )


@dataclass(frozen=True)
class Scored:
    """The rows of a batch that have both a label and a score, in the order of the batch."""

    labelled: Mask
    positive: Mask
    where: Ints
    losses: Mapping[str, Ints]

    @property
    def loss(self) -> Ints:
        """The Brier loss of the labelled rows."""
        return self.losses[BRIER]

    def outcomes(self, places: Ints, shape: tuple[int, int]) -> Outcomes:
        """Count what came true, by block and by cell of the score."""
        blocks = places[self.labelled]
        return Outcomes(
            positives=_table(self.where[self.positive], blocks[self.positive], shape),
            negatives=_table(self.where[~self.positive], blocks[~self.positive], shape),
            sums={name: _sums(loss, blocks, shape[0]) for name, loss in self.losses.items()},
        )


def _scored(batch: pa.RecordBatch, layout: Layout, cut: NumberBins) -> Scored:
    if not layout.label or not layout.score:
        raise ValueError("outcomes need a label and a score")
    label = arrays.numbers(_needed(batch, layout.label))
    score = arrays.numbers(_needed(batch, layout.score))
    labelled = ~np.isnan(label) & ~np.isnan(score)
    label, score = label[labelled], score[labelled]
    if not np.isin(label, (0.0, 1.0)).all():
        found = label[~np.isin(label, (0.0, 1.0))][0]
        raise TaskError(f"label {layout.label} holds {found:g}; wanted 0, 1 or nothing")
    if ((score < 0) | (score > 1)).any():
        found = score[(score < 0) | (score > 1)][0]
        raise TaskError(f"score {layout.score} holds {found:g}; wanted a probability")
    return Scored(labelled, label > 0.5, cut.count(score), losses(layout, label, score))


def _needed(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise TaskError(
            f"the window has no column {name}, which monitoring cannot do without; it has "
            f"{', '.join(batch.schema.names)}"
        )
    return batch.column(name)


def _table(cells: Ints, blocks: Ints, shape: tuple[int, int]) -> Ints:
    """Count rows by block and cell."""
    return np.bincount(blocks * shape[1] + cells, minlength=shape[0] * shape[1]).reshape(shape)


def _sums(losses: Ints, places: Ints, number: int) -> Ints:
    if int(np.abs(losses).sum()) >= EXACT:
        raise TaskError("the costs of a batch are too large to be added exactly; use a larger unit")
    return np.bincount(places, weights=losses, minlength=number).astype(np.int64)
