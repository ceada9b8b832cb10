"""Stacks and price lists of a few lines, for the tests of this folder."""

from datetime import date
from decimal import Decimal

from review.cost import Estimate, Line, Price, PriceBook, estimate
from review.resources import Resource
from review.stacks import Stack

TODAY = date(2026, 11, 23)


def resource(kind: str, name: str = "it", region: str | None = "westeurope", **inputs) -> Resource:
    located = {"location": region} if region else {}
    return Resource(f"azure-native:{kind}", name, located | inputs)


def price(item: str, sku: str, usd: str, unit: str = "hour", region: str = "westeurope") -> Price:
    return Price(item, sku, region, unit, Decimal(usd), "a test", date(2026, 10, 1))


def priced(*resources: Resource, prices: tuple[Price, ...] = ()) -> Estimate:
    return estimate(Stack("test", "a test", resources), TODAY, PriceBook(prices))


def lines(*resources: Resource, prices: tuple[Price, ...] = ()) -> tuple[Line, ...]:
    return priced(*resources, prices=prices).lines


def amounts(*resources: Resource, prices: tuple[Price, ...] = ()) -> list[tuple[str, str]]:
    """Return least and most dollars of each priced line."""
    found = [line.monthly for line in lines(*resources, prices=prices) if line.monthly]
    return [(f"{each.low:.2f}", f"{each.high:.2f}") for each in found]
