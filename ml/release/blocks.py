"""Blocks: sums over whole days, because requests of one day are not independent of each other.

Flights of a day share its weather. Row by row, and hour by hour, sequential tests were wrong about
four of six months of flights; on sums of days they were right about all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import fsum

import numpy as np
import numpy.typing as npt

from ml.release.evidence import LiveDay, PairedDay
from ml.release.losses import LossName
from ml.release.policy import WEEK

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Block:
    """One day: how many requests it stands for, and by how much the challenger's loss was lower."""

    day: date
    rows: float
    gain: float


@dataclass(frozen=True)
class Sums:
    """What all tests need of the blocks."""

    days: int
    rows: float
    gain: float
    gain_squares: float
    gain_rows: float
    row_squares: float

    @property
    def mean(self) -> float:
        """By how much the challenger's mean loss is lower."""
        return self.gain / self.rows

    def around(self, mean: float) -> tuple[int, float, float]:
        """Return number, sum and sum of squares of the days' gains beyond this mean."""
        squares = self.gain_squares - 2 * mean * self.gain_rows + mean**2 * self.row_squares
        return self.days, self.gain - mean * self.rows, max(squares, 0.0)

    @property
    def z(self) -> float:
        """The mean in clustered standard errors: what one look at the end would judge by."""
        days, _, squares = self.around(self.mean)
        error = (squares * days / (days - 1)) ** 0.5 if days > 1 else 0.0
        return self.gain / error if error > 0 else 0.0


def sums(blocks: Sequence[Block]) -> Sums:
    """Add blocks up."""
    rows, gains = [block.rows for block in blocks], [block.gain for block in blocks]
    return Sums(
        days=len(blocks),
        rows=fsum(rows),
        gain=fsum(gains),
        gain_squares=fsum(gain * gain for gain in gains),
        gain_rows=fsum(gain * row for gain, row in zip(gains, rows, strict=True)),
        row_squares=fsum(row * row for row in rows),
    )


def a_week(blocks: Sequence[Block]) -> bool:
    """Return whether every day of the week is among the blocks."""
    return len({block.day.weekday() for block in blocks}) == WEEK


def of_pairs(
    days: Sequence[PairedDay], loss: LossName, *, labelled: float, min_rows: int = 1
) -> list[Block]:
    """Return the days of which enough labels are there, in order."""
    return [
        Block(day.day, day.labelled, day.gains[loss])
        for day in sorted(days, key=lambda each: each.day)
        if _enough(day.requests, day.labelled, labelled, min_rows)
    ]


def of_live(
    days: Sequence[LiveDay], loss: LossName, *, labelled: float, min_rows: int = 1
) -> list[Block]:
    """Return the days of which both sides have enough labels, in order.

    A day's gain is the difference of its two means, so that what the day did to both cancels; it
    counts as much as so many pairs would that have the same variance.
    """
    found = []
    for day in sorted(days, key=lambda each: each.day):
        sides = (day.champion, day.challenger)
        if all(_enough(each.requests, each.labelled, labelled, min_rows) for each in sides):
            first, second = (each.losses[loss] / each.labelled for each in sides)
            rows = 2 / (1 / day.champion.labelled + 1 / day.challenger.labelled)
            found.append(Block(day.day, rows, rows * (first - second)))
    return found


def pair(
    days: npt.NDArray[np.datetime64],
    champion: Mapping[LossName, Floats],
    challenger: Mapping[LossName, Floats],
) -> list[PairedDay]:
    """Sum paired losses up by day; rows whose label is not there yet have a loss of NaN.

    Args:
        days: the day of each request, as clocks where it happened show it.
        champion: the champion's losses.
        challenger: the challenger's, on the same requests.
    """
    names, of_row = np.unique(days.astype("datetime64[D]"), return_inverse=True)
    gains = {name: champion[name] - challenger[name] for name in champion}
    known = np.logical_and.reduce([np.isfinite(gain) for gain in gains.values()])
    requests = np.bincount(of_row, minlength=len(names))
    labelled = np.bincount(of_row, known, minlength=len(names))
    totals = {
        name: np.bincount(of_row, np.where(known, gain, 0.0), minlength=len(names))
        for name, gain in gains.items()
    }
    return [
        PairedDay(
            day=day.item(),
            requests=int(requests[place]),
            labelled=int(labelled[place]),
            gains={name: float(total[place]) for name, total in totals.items()},
        )
        for place, day in enumerate(names)
    ]


def _enough(requests: int, labels: int, share: float, rows: int) -> bool:
    return labels >= max(rows, 1) and labels >= share * requests
