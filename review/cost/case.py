"""What a cost model is given, a resource among its neighbours, and how it writes lines."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from review.cost.lines import Kind, Line, Range, Rate
from review.cost.prices import PriceBook, Quote
from review.resources import Resource

ANY = "any"
"""The SKU of what has only one price."""


@dataclass(frozen=True)
class Case:
    """A resource to price: its service, region, neighbours and the price list."""

    service: str
    resource: Resource
    region: str | None
    stack: tuple[Resource, ...]
    book: PriceBook

    def in_region(self, region: str) -> "Case":
        """Return the same case in another region."""
        return replace(self, region=plain(region))

    def amount(
        self,
        label: str,
        item: str,
        sku: str,
        *,
        low: Decimal | int = 1,
        high: Decimal | int | None = None,
        notes: tuple[str, ...] = (),
    ) -> Line:
        """Price `low` to `high` units that are there all month; not priced without a row."""
        quote = self.book.find(item, sku, self.region)
        monthly = quote.price.monthly if quote else None
        if quote is None or monthly is None:
            return self.unpriced(label, f"no price for {item} {sku}")
        cost = Range(monthly * low, monthly * (low if high is None else high))
        return self._line(label, Kind.PRICED, monthly=cost, notes=notes, quotes=(quote,))

    def usage(
        self, label: str, item: str, sku: str, unit: str, *, notes: tuple[str, ...] = ()
    ) -> Line:
        """State what use costs, without an amount: nobody knows the use beforehand."""
        quote = self.book.find(item, sku, self.region)
        if quote is None:
            return self._line(label, Kind.USAGE, rate=Rate(unit, None), notes=notes)
        rate = Rate(quote.price.unit, quote.price.usd)
        return self._line(label, Kind.USAGE, rate=rate, notes=notes, quotes=(quote,))

    def free(self, label: str, *notes: str) -> Line:
        """State that it costs nothing by itself."""
        return self._line(label, Kind.FREE, notes=notes)

    def unpriced(self, label: str, why: str) -> Line:
        """State that it costs something nobody here knows."""
        return self._line(label, Kind.UNPRICED, notes=(why,))

    def neighbours(self, kind: str) -> int:
        """Count the stack's resources of a kind."""
        return sum(resource.kind == kind for resource in self.stack)

    def _line(
        self,
        label: str,
        kind: Kind,
        *,
        monthly: Range | None = None,
        rate: Rate | None = None,
        notes: tuple[str, ...] = (),
        quotes: tuple[Quote, ...] = (),
    ) -> Line:
        return Line(
            service=self.service,
            type=self.resource.kind,
            resource=self.resource.name,
            label=label,
            kind=kind,
            monthly=monthly,
            rate=rate,
            notes=notes,
            quotes=quotes,
        )


def plain(region: str) -> str:
    """Return a region's name as ARM writes it: `West Europe` is `westeurope`."""
    return region.replace(" ", "").lower()


Model = Callable[[Case], Iterable[Line]]


@dataclass(frozen=True)
class Service:
    """A group of the table, and the models of its resource types."""

    name: str
    models: Mapping[str, Model]
