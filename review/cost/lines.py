"""What an estimate is made of: lines with dollars a month, a rate, nothing, or no price."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from operator import add
from typing import Self

from review.cost.prices import Quote

NOTHING = Decimal(0)


class Kind(StrEnum):
    """How a line counts."""

    PRICED = "priced"
    USAGE = "usage"
    FREE = "free"
    UNPRICED = "not priced"


@dataclass(frozen=True)
class Range:
    """US dollars a month, from the least to the most that scaling allows."""

    low: Decimal
    high: Decimal

    def __post_init__(self) -> None:
        """Refuse what is no range."""
        if not NOTHING <= self.low <= self.high:
            raise ValueError(f"a cost from {self.low} to {self.high} is no range of dollars")

    def __add__(self, other: Self) -> "Range":
        """Return the cost of both."""
        return Range(self.low + other.low, self.high + other.high)

    @property
    def is_fixed(self) -> bool:
        """Tell whether it is one amount."""
        return self.low == self.high


ZERO = Range(NOTHING, NOTHING)


def total(ranges: "list[Range]") -> Range:
    """Return the sum of costs; nothing costs 0."""
    return reduce(add, ranges, ZERO)


@dataclass(frozen=True)
class Rate:
    """Dollars for a unit of use, such as a GB; None where the price is not known."""

    unit: str
    usd: Decimal | None


@dataclass(frozen=True)
class Line:
    """One thing that a resource is billed for, or the statement that it is not billed.

    Only PRICED has `monthly`, only USAGE has `rate`: an unknown price is never an amount.
    """

    service: str
    type: str
    resource: str
    label: str
    kind: Kind
    monthly: Range | None = None
    rate: Rate | None = None
    notes: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        """Refuse an amount without a price, and a price without an amount."""
        if (self.monthly is not None) != (self.kind is Kind.PRICED):
            raise ValueError(f"{self.label}: a line that is {self.kind} and costs {self.monthly}")
        if (self.rate is not None) != (self.kind is Kind.USAGE):
            raise ValueError(f"{self.label}: a line that is {self.kind} with rate {self.rate}")
