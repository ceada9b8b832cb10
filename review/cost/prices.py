"""The price list: US dollars by item, SKU and region, each with its source and month."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from io import StringIO

from review.errors import ReviewError

COLUMNS = ("item", "sku", "region", "unit", "price_usd", "source", "date")
GLOBAL = "global"
HOURS = 730
"""Hours of a month, as Azure's calculator counts them."""
OLD_MONTHS = 12
_MONTHS = 12


@dataclass(frozen=True)
class Price:
    """One row: dollars for one unit of an item. `month` is its first day."""

    item: str
    sku: str
    region: str
    unit: str
    usd: Decimal
    source: str
    month: date

    @property
    def monthly(self) -> Decimal | None:
        """Dollars a month for one that is always there; None for what is paid by use."""
        if self.unit == "hour" or self.unit.endswith(" hour"):
            return self.usd * HOURS
        if self.unit == "month" or self.unit.endswith(" month"):
            return self.usd
        return None

    def is_old(self, today: date) -> bool:
        """Tell whether the price is older than a year."""
        months = (today.year - self.month.year) * _MONTHS + today.month - self.month.month
        return months > OLD_MONTHS


@dataclass(frozen=True)
class Quote:
    """A price, and the region it was asked for."""

    price: Price
    region: str | None

    @property
    def elsewhere(self) -> bool:
        """Tell whether it is the price of another region than the one asked for."""
        return self.price.region not in {GLOBAL, self.region}


@dataclass(frozen=True)
class PriceBook:
    """Prices by item, SKU and region."""

    prices: tuple[Price, ...]

    def find(self, item: str, sku: str, region: str | None) -> Quote | None:
        """Return the region's price, else the highest of other regions', else None."""
        rows = [row for row in self.prices if (row.item, row.sku) == (item, sku)]
        here = [row for row in rows if row.region in {region, GLOBAL}]
        # A guess shall rather be too high: a region in Europe costs more than one in the US.
        best = max(here or rows, key=lambda row: row.usd, default=None)
        return Quote(best, region) if best else None

    def here(self, item: str, sku: str, region: str | None) -> Quote | None:
        """Return the region's own price, or None: spot prices say nothing of other regions."""
        quote = self.find(item, sku, region)
        return None if quote is None or quote.elsewhere else quote


def shipped() -> PriceBook:
    """Return the price list of this package."""
    file = files("review").joinpath("prices.csv")
    return parse(file.read_text(), "review/prices.csv")


def parse(written: str, origin: str) -> PriceBook:
    """Read a price list, or report every wrong row at once."""
    table = csv.DictReader(StringIO(written))
    if tuple(table.fieldnames or ()) != COLUMNS:
        raise ReviewError(
            f"{origin}: the columns are {table.fieldnames}; wanted {', '.join(COLUMNS)}"
        )
    prices, wrong = [], []
    for place, row in enumerate(table, start=2):
        try:
            prices.append(_price(row))
        except ValueError as error:
            wrong.append(f"line {place}: {error}")
    wrong += [f"{key} twice; keep one row" for key in _doubles(prices)]
    if wrong:
        raise ReviewError(f"{origin}: " + "; ".join(wrong))
    return PriceBook(tuple(prices))


def _price(row: dict[str, str]) -> Price:
    empty = [column for column in COLUMNS if not (row.get(column) or "").strip()]
    if empty:
        raise ValueError(f"{', '.join(empty)} is empty; a price without it cannot be checked")
    try:
        usd = Decimal(row["price_usd"])
    except InvalidOperation:
        raise ValueError(f"price_usd is {row['price_usd']!r}; wanted dollars") from None
    if not (usd.is_finite() and usd > 0):
        raise ValueError(f"price_usd is {usd}; wanted more than 0, or no row if it is unknown")
    try:
        month = date.fromisoformat(f"{row['date']}-01")
    except ValueError:
        raise ValueError(f"date is {row['date']!r}; wanted a month such as 2026-04") from None
    return Price(row["item"], row["sku"], row["region"], row["unit"], usd, row["source"], month)


def _doubles(prices: Iterable[Price]) -> list[str]:
    seen: set[tuple[str, str, str]] = set()
    twice = []
    for price in prices:
        key = (price.item, price.sku, price.region)
        if key in seen:
            twice.append("/".join(key))
        seen.add(key)
    return twice
