"""Drawing as SVG text: colours come from the page's own scheme, so that dark pages stay dark."""

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

Value = str | float | None


def element(name: str, *children: str, **attributes: Value) -> Markup:
    """Return an element; what is not markup is escaped, an attribute of None is left out."""
    given = Markup("").join(
        Markup(' {}="{}"').format(key.strip("_").replace("_", "-"), _value(value))
        for key, value in attributes.items()
        if value is not None
    )
    if not children:
        return Markup("<{}{}/>").format(name, given)
    return Markup("<{0}{1}>{2}</{0}>").format(name, given, Markup("").join(children))


def text(x: float, y: float, words: str, anchor: str = "start", kind: str = "tick") -> Markup:
    """Return words at a place."""
    return element("text", words, x=x, y=y, text_anchor=anchor, class_=kind)


def line(x1: float, y1: float, x2: float, y2: float, kind: str = "grid") -> Markup:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=kind)


def drawing(width: float, height: float, label: str, kind: str, *parts: str) -> Markup:
    """Return a whole drawing with the words that stand for it."""
    return element(
        "svg",
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        role="img",
        aria_label=label,
        class_=kind,
    )


SHAPES = {
    "good": "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "bad": "M0 -6.5L6.5 5L-6.5 5z",
    "unsure": "M0 -6L6 0L0 6L-6 0z",
    "plain": "M0 -3.5V3.5",
    "fault": "M-4.5 -4.5L4.5 4.5M-4.5 4.5L4.5 -4.5",
}


def mark(x: float, y: float, tone: str, words: str, target: str | None = None) -> Markup:
    """Return a mark in the shape and colour of its tone, which says its words when pointed at."""
    shape = element(
        "path",
        element("title", words),
        d=SHAPES[tone],
        class_=f"mark {tone}",
        transform=f"translate({_value(x)} {_value(y)})",
    )
    return element("a", shape, href=target, tabindex="-1") if target else shape


@dataclass(frozen=True)
class Scale:
    """Turns values of a range into places of another."""

    low: float
    high: float
    begin: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value."""
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return self.begin + part * (self.end - self.begin)


def calendar(first: dt.date, last: dt.date, begin: float, end: float) -> Scale:
    """Return a scale of days, which are counted by their ordinal, with room for the last day."""
    return Scale(first.toordinal(), last.toordinal() + 1, begin, end)


def moment(at: dt.datetime) -> float:
    """Return a time as a day with its fraction, as calendars take it."""
    return at.toordinal() + (at.hour * 60 + at.minute) / 1440


def months(first: dt.date, last: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """Yield the first and the last day of each month within a range, cut to the range."""
    begin = first
    while begin <= last:
        following = (begin.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
        yield begin, min(last, following - dt.timedelta(days=1))
        begin = following


def ticks(low: float, high: float, wanted: int = 4) -> list[float]:
    """Return round numbers that cover a range, about as many as are wanted."""
    high = high if high > low else low + (abs(low) / 10 or 1.0)
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * part for part in (1, 2, 2.5, 5, 10) if power * part >= rough * 0.999)
    begin = math.floor(low / step + 1e-9)
    count = math.ceil(high / step - 1e-9) - begin
    return [round((begin + index) * step, 10) for index in range(count + 1)]


def path(points: Sequence[tuple[float, float]], *, close: bool = False) -> str:
    """Return the drawing commands of a line through points."""
    steps = "L".join(f"{_value(x)} {_value(y)}" for x, y in points)
    return f"M{steps}{'z' if close else ''}"


def _value(value: Value) -> str:
    if isinstance(value, str):
        return value
    return f"{value or 0:.1f}".removesuffix(".0")
