"""Adding profiles up: hours to days, days to windows, workers to a whole, in any order."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from ml.drift.bins import Ints
from ml.drift.profile import Cells, Outcomes, Profile, day
from ml.errors import TaskError

UNSEEN = 32  # names of new categories that are kept: the first ones, so that merging is exact
Placed = tuple[Ints, Ints]  # positions of the blocks, and the array that goes there


def merge(profiles: Iterable[Profile]) -> Profile:
    """Add the counts of all; blocks of one name become one."""
    parts = list(profiles)
    if not parts:
        raise TaskError("there is no profile to merge; give at least one")
    if len({part.bins for part in parts}) > 1:
        found = ", ".join(sorted({part.bins[:12] for part in parts}))
        raise TaskError(
            f"profiles over other cells cannot be merged: {found}; build all from the same bins"
        )
    if len({part.outcomes is None for part in parts}) > 1:
        raise TaskError("some profiles have outcomes and some have none; build all with a label")
    return _added(parts, lambda block: block)


def by_day(profile: Profile) -> Profile:
    """Add the hours of a day: 2013-07-01T05 belongs to 2013-07-01."""
    if all(day(block) == block for block in profile.blocks):
        return profile
    return _added([profile], day)


def first_names(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Add counts by name and keep the first names in the order of the alphabet.

    A name that is kept was kept in every part that had it, so its count is exact.
    """
    total: dict[str, int] = {}
    for part in counts:
        for name, count in part.items():
            total[name] = total.get(name, 0) + count
    return {name: total[name] for name in sorted(total)[:UNSEEN]}


def _added(parts: Sequence[Profile], name: Callable[[str], str]) -> Profile:
    blocks = tuple(sorted({name(block) for part in parts for block in part.blocks}))
    place = {block: position for position, block in enumerate(blocks)}
    rows = [np.asarray([place[name(block)] for block in part.blocks], dtype=int) for part in parts]

    def stacked(arrays: Iterable[Placed]) -> Ints:
        total: Ints | None = None
        for where, array in arrays:
            if total is None:
                total = np.zeros((len(blocks), *array.shape[1:]), dtype=np.int64)
            if len(where) == len(blocks):  # every place once, which is much faster
                total[where] += array
            else:
                np.add.at(total, where, array)
        if total is None:
            raise ValueError("no array to add")
        return total

    columns: dict[str, Cells] = {}
    for column in {column for part in parts for column in part.columns}:
        found = [
            (where, part.columns[column])
            for where, part in zip(rows, parts, strict=True)
            if column in part.columns
        ]
        columns[column] = Cells(
            counts=stacked((where, cells.counts) for where, cells in found),
            nulls=stacked((where, cells.nulls) for where, cells in found),
            unseen=first_names(cells.unseen for _, cells in found),
            labelled=_summed(cells.labelled for _, cells in found),
            losses=_summed(cells.losses for _, cells in found),
        )
    had = [(where, part.outcomes) for where, part in zip(rows, parts, strict=True) if part.outcomes]
    outcomes = Outcomes(
        positives=stacked((where, each.positives) for where, each in had),
        negatives=stacked((where, each.negatives) for where, each in had),
        sums={
            key: stacked((where, each.sums[key]) for where, each in had) for key in had[0][1].sums
        },
    ) if had else None  # fmt: skip
    return Profile(
        bins=parts[0].bins,
        blocks=blocks,
        rows=stacked((where, part.rows) for where, part in zip(rows, parts, strict=True)),
        columns=columns,
        outcomes=outcomes,
        problems=tuple(sorted({problem for part in parts for problem in part.problems})),
    )


def _summed(arrays: Iterable[Ints | None]) -> Ints | None:
    present = [array for array in arrays if array is not None]
    return np.sum(present, axis=0) if present else None
