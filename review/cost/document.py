"""An estimate as plain data, for programs."""

from collections.abc import Mapping
from decimal import Decimal

from review.cost.estimate import Estimate
from review.cost.lines import Line, Range
from review.cost.prices import HOURS, Price
from review.cost.table import gaps, marks

Document = Mapping[str, object]


def document(found: Estimate) -> Document:
    """Return the estimate with amounts in dollars a month, rounded to cents."""
    return {
        "stack": found.stack,
        "origin": found.origin,
        "date": found.today.isoformat(),
        "currency": "USD",
        "hours_per_month": HOURS,
        "monthly": _range(found.total),
        "fixed": _cents(found.fixed.low),
        "scaling": _range(found.scaling),
        "lines": [_line(found, line) for line in found.lines],
        "not_priced": [
            {"type": gap.type, "label": gap.label, "why": gap.why, "count": gap.count}
            for gap in gaps(found)
        ],
        "free": dict(sorted(found.free_types.items())),
        "prices": [_price(found, price) for price in found.prices],
        "old_prices": len(found.old_prices),
    }


def _line(found: Estimate, line: Line) -> Document:
    rate = line.rate
    return {
        "service": line.service,
        "type": line.type,
        "resource": line.resource,
        "label": line.label,
        "kind": line.kind.value,
        "monthly": _range(line.monthly) if line.monthly else None,
        "rate": {"unit": rate.unit, "usd": _exact(rate.usd)} if rate else None,
        "marks": list(marks(line, found.today)),
    }


def _price(found: Estimate, price: Price) -> Document:
    return {
        "item": price.item,
        "sku": price.sku,
        "region": price.region,
        "unit": price.unit,
        "usd": _exact(price.usd),
        "source": price.source,
        "date": f"{price.month:%Y-%m}",
        "old": price.is_old(found.today),
    }


def _range(amount: Range) -> Document:
    return {"min": _cents(amount.low), "max": _cents(amount.high)}


def _cents(amount: Decimal) -> float:
    return float(round(amount, 2))


def _exact(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
