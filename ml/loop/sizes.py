"""What drawings over the whole year share: their two sizes and their months."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from ml.loop import svg
from ml.loop.record import Loop
from ml.loop.svg import Scale

RIGHT = 10.0


@dataclass(frozen=True)
class Size:
    """A drawing for one kind of screen: its width, its left margin, the letters of a month."""

    kind: str
    width: float
    margin: float
    letters: int


SIZES = (Size("wide", 1120, 96, 3), Size("narrow", 420, 78, 1))


def month_grid(
    record: Loop, size: Size, scale: Scale, top: float, bottom: float
) -> Iterator[Markup]:
    """Yield a line where each month begins, and its name above."""
    for first, last in svg.months(record.first, record.last):
        begin, end = scale(first.toordinal()), scale(last.toordinal() + 1)
        yield svg.line(begin, top - 6, begin, bottom)
        if end - begin > 10:
            yield svg.text((begin + end) / 2, top - 12, month_name(first, size.letters), "middle")


def month_name(day: dt.date, letters: int) -> str:
    """Return a month's name in English, cut to some letters."""
    return NAMES[day.month - 1][:letters]


NAMES = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
