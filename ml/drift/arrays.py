"""Columns of a batch as the arrays that are counted."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ml.drift.bins import CategoryBins, Ints, NumberBins
from ml.drift.distances import Floats
from ml.drift.layout import Block, is_category, is_number
from ml.errors import TaskError


def numbers(column: pa.Array) -> Floats:
    """Return numbers; an empty cell is NaN."""
    return pc.cast(column, pa.float64(), safe=False).to_numpy(zero_copy_only=False)


def names(column: pa.Array) -> pa.Array:
    """Return categories as text."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return pc.cast(column, pa.string())


def fits(column: pa.Array, bins: NumberBins | CategoryBins) -> bool:
    """Whether a column is of the kind that the bins were made for."""
    wanted = is_number if isinstance(bins, NumberBins) else is_category
    return wanted(column.type)


def cells(column: pa.Array, bins: NumberBins | CategoryBins) -> Ints:
    """Return the cell of every row, -1 where the column is empty."""
    if isinstance(bins, NumberBins):
        values = numbers(column)
        found = bins.count(values)
        found[np.isnan(values)] = -1
        return found
    known = {name: place for place, name in enumerate(bins.names)}
    present, places = coded(column)
    mapped = np.asarray([*(known.get(name, len(known)) for name in present), -1], dtype=np.int64)
    return mapped[places]


def coded(column: pa.Array) -> tuple[list[str], Ints]:
    """Return the names that occur and the place of every row's name, -1 where it is empty."""
    encoded = names(column).dictionary_encode()
    places = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return encoded.dictionary.to_pylist(), places.astype(np.int64)


def tally(column: pa.Array) -> dict[str, int]:
    """Return how often each name occurs."""
    present, places = coded(column)
    counts = np.bincount(places[places >= 0], minlength=len(present))
    return dict(zip(present, counts.tolist(), strict=True))


def blocks(column: pa.Array, block: Block, day_starts: int) -> tuple[tuple[str, ...], Ints]:
    """Return the names of the blocks that occur and the block of every row."""
    if not pa.types.is_timestamp(column.type):
        raise TaskError(f"the time holds {column.type}, wanted timestamps; cast the column")
    if column.null_count:
        raise TaskError(
            f"{column.null_count} of {len(column)} rows have no time, so they belong to no day; "
            "leave them out or give them a time"
        )
    hours = pc.cast(column, pa.timestamp("us")).to_numpy(zero_copy_only=False)
    hours = hours.astype("datetime64[h]") - np.timedelta64(day_starts, "h")
    unit = "h" if block is Block.HOUR else "D"
    present, places = np.unique(hours.astype(f"datetime64[{unit}]"), return_inverse=True)
    return tuple(np.datetime_as_string(present).tolist()), places.astype(np.int64)
