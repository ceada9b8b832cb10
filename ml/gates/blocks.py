"""Blocks: rows that depend on each other, such as the flights of one day, drawn together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt

from ml.errors import TaskError

# No zone changes its offset between two such moments.
QUARTER = np.timedelta64(15, "m")


@dataclass(frozen=True)
class Blocks:
    """Which block each row is in; blocks are numbered in the order of their names."""

    of_row: npt.NDArray[np.intp]
    count: int

    def __len__(self) -> int:
        return len(self.of_row)


def by_day(time: npt.NDArray[np.datetime64], zone: str = "UTC") -> Blocks:
    """Make a block of each calendar day, as clocks in the zone show it; times are in UTC."""
    return by_name(days(time, zone))


def days(time: npt.NDArray[np.datetime64], zone: str = "UTC") -> npt.NDArray[np.datetime64]:
    """Return the calendar day of each time, as clocks in the zone show it; times are in UTC.

    Raises:
        TaskError: a row has no time, or the zone is none.
    """
    if np.isnat(time).any():
        raise TaskError(
            f"{int(np.isnat(time).sum())} of {len(time)} rows have no time and cannot be put into "
            "day blocks; make the time column non-null in schema.yaml, or set bootstrap.block"
        )
    return (time + _offsets(time, zone)).astype("datetime64[D]")


def by_name(cells: Sequence[object] | npt.NDArray[np.generic]) -> Blocks:
    """Make a block of each distinct value, such as one for each customer."""
    array = np.asarray(cells)
    if array.dtype == object:
        array = np.asarray([str(cell) for cell in array], dtype=np.str_)
    names, of_row = np.unique(array, return_inverse=True)
    return Blocks(of_row.astype(np.intp), len(names))


def by_row(rows: int) -> Blocks:
    """Make a block of each row, for rows that do not depend on each other."""
    return Blocks(np.arange(rows, dtype=np.intp), rows)


def _offsets(time: npt.NDArray[np.datetime64], zone: str) -> npt.NDArray[np.timedelta64]:
    """Return what is added to UTC to get local time, asked once for each quarter of an hour."""
    try:
        rules = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise TaskError(
            f"bootstrap.zone is {zone!r}, which is no time zone; give one such as America/New_York"
        ) from error
    seconds = time.astype("datetime64[s]")
    quarters, where = np.unique(
        seconds.astype(np.int64) // int(QUARTER / np.timedelta64(1, "s")), return_inverse=True
    )
    offsets = [
        datetime.fromtimestamp(int(quarter) * 900, UTC).astimezone(rules).utcoffset()
        for quarter in quarters
    ]
    found = np.asarray([offset.total_seconds() if offset else 0 for offset in offsets])
    return found[where].astype("timedelta64[s]")
