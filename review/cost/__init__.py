"""The monthly cost of a stack in US dollars, from list prices of known source and date.

book = shipped()
found = estimate(of_preview(text, "preview"), today, book)
found.total.low, found.total.high   # Decimal dollars a month of 730 hours
found.unpriced                      # lines that no sum contains
"""

from review.cost.estimate import Estimate, estimate
from review.cost.lines import Kind, Line, Range, Rate
from review.cost.prices import HOURS, Price, PriceBook, Quote, parse, shipped

__all__ = [
    "HOURS",
    "Estimate",
    "Kind",
    "Line",
    "Price",
    "PriceBook",
    "Quote",
    "Range",
    "Rate",
    "estimate",
    "parse",
    "shipped",
]
