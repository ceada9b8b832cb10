"""An estimate as rows: equal lines counted together, with the marks a reader has to see."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from review.cost.estimate import Estimate
from review.cost.lines import Kind, Line, Range, Rate, total
from review.cost.prices import Quote


@dataclass(frozen=True)
class Row:
    """Equal lines of a service: how many, what they cost together, and marks."""

    service: str
    label: str
    count: int
    monthly: Range | None
    rate: Rate | None
    marks: tuple[str, ...]


def rows(found: Estimate) -> tuple[Row, ...]:
    """Return what is billed, in the order of services; without what is free or not priced."""
    groups: dict[tuple[object, ...], list[Line]] = {}
    for line in found.lines:
        if line.kind in {Kind.PRICED, Kind.USAGE}:
            key = (line.service, line.label, line.kind, line.rate, marks(line, found.today))
            groups.setdefault(key, []).append(line)
    return tuple(sorted(_rows(groups, found.today), key=lambda row: row.service))


def _rows(groups: dict[tuple[object, ...], list[Line]], today: date) -> Iterator[Row]:
    for lines in groups.values():
        first = lines[0]
        amounts = [line.monthly for line in lines if line.monthly]
        monthly = total(amounts) if first.kind is Kind.PRICED else None
        noted = marks(first, today)
        yield Row(first.service, first.label, len(lines), monthly, first.rate, noted)


def marks(line: Line, today: date) -> tuple[str, ...]:
    """Return what to know about a line's price: another region's, old, a bound."""
    return (*(mark for quote in line.quotes for mark in _of_price(quote, today)), *line.notes)


def _of_price(quote: Quote, today: date) -> Iterator[str]:
    price = quote.price
    if quote.elsewhere:
        yield f"price of {price.region}, not {quote.region or 'a known region'}"
    if price.is_old(today):
        yield f"old price: {price.month:%Y-%m}"


@dataclass(frozen=True)
class Gap:
    """Resources of a type that have no price, for one reason."""

    type: str
    label: str
    why: str
    count: int


def gaps(found: Estimate) -> tuple[Gap, ...]:
    """Return what is not priced, counted by type and reason."""
    groups: dict[tuple[str, str, str], int] = {}
    for line in found.unpriced:
        key = (line.type, line.label, "; ".join(line.notes))
        groups[key] = groups.get(key, 0) + 1
    return tuple(Gap(*key, count) for key, count in sorted(groups.items()))
