"""A stack's cost: every resource's lines, their sums, and what no price is known for."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from review.cost.case import Case, Service, plain
from review.cost.free import FREE
from review.cost.lines import Kind, Line, Range, total
from review.cost.models import (
    compute,
    data,
    kubernetes,
    monitoring,
    network,
    security,
    storage,
    workspace,
)
from review.cost.prices import Price, PriceBook, shipped
from review.resources import AZURE, NotKnownError, Resource, at
from review.stacks import Stack

SERVICES: tuple[Service, ...] = (
    compute.SERVICE,
    kubernetes.SERVICE,
    workspace.SERVICE,
    network.SERVICE,
    storage.SERVICE,
    data.SERVICE,
    monitoring.SERVICE,
    security.SERVICE,
)
OTHER = "Other"


@dataclass(frozen=True)
class Estimate:
    """Lines of a stack on a day. Amounts are US dollars a month of 730 hours, list price."""

    stack: str | None
    origin: str
    today: date
    lines: tuple[Line, ...]

    @property
    def total(self) -> Range:
        """Dollars a month for all that has a price: without use and without what has none."""
        return total([line.monthly for line in self.lines if line.monthly])

    @property
    def fixed(self) -> Range:
        """The part that does not scale."""
        return total([each for each in self._amounts() if each.is_fixed])

    @property
    def scaling(self) -> Range:
        """The part between least and most nodes."""
        return total([each for each in self._amounts() if not each.is_fixed])

    @property
    def unpriced(self) -> tuple[Line, ...]:
        """What costs something that is not known; never part of a sum."""
        return self.of(Kind.UNPRICED)

    @property
    def prices(self) -> tuple[Price, ...]:
        """The prices that the estimate rests on."""
        return tuple({quote.price: None for line in self.lines for quote in line.quotes})

    @property
    def old_prices(self) -> tuple[Price, ...]:
        """Those older than a year."""
        return tuple(price for price in self.prices if price.is_old(self.today))

    @property
    def free_types(self) -> Mapping[str, int]:
        """How many resources of each type cost nothing by themselves."""
        return Counter(line.type for line in self.of(Kind.FREE))

    def of(self, kind: Kind) -> tuple[Line, ...]:
        """Return the lines of a kind."""
        return tuple(line for line in self.lines if line.kind is kind)

    def _amounts(self) -> list[Range]:
        return [line.monthly for line in self.lines if line.monthly]


def estimate(stack: Stack, today: date, book: PriceBook | None = None) -> Estimate:
    """Price a stack's resources with a price list, by default the one of this package."""
    known = shipped() if book is None else book
    regions = _groups(stack.resources)
    lines: list[Line] = []
    for resource in stack.resources:
        lines += _lines(resource, _region(resource, regions), stack.resources, known)
    return Estimate(stack.name, stack.origin, today, tuple(lines))


def _lines(
    resource: Resource, region: str | None, stack: tuple[Resource, ...], book: PriceBook
) -> Iterable[Line]:
    for service in SERVICES:
        model = service.models.get(resource.kind)
        if model is None:
            continue
        case = Case(service.name, resource, region, stack, book)
        try:
            return list(model(case))
        except NotKnownError as error:
            return [case.unpriced(resource.name, str(error))]
    case = Case(OTHER, resource, region, stack, book)
    if resource.kind in FREE:
        return [case.free(resource.kind)]
    why = "no model for this type"
    if not resource.type.startswith(f"{AZURE}:"):
        why = "not a resource of azure-native"
    return [case.unpriced(resource.kind, why)]


def _groups(resources: Iterable[Resource]) -> Mapping[str, str]:
    """Return regions by the names of resource groups."""
    return dict(_group_regions(resources))


def _group_regions(resources: Iterable[Resource]) -> Iterator[tuple[str, str]]:
    for resource in resources:
        name, region = resource.at("resourceGroupName"), resource.at("location")
        if resource.kind == "resources:ResourceGroup" and name and region:
            yield str(name).lower(), plain(str(region))


def _region(resource: Resource, groups: Mapping[str, str]) -> str | None:
    """Return where a resource is: it says so itself, or else its group does."""
    for path in (("location",), ("properties", "computeLocation")):
        found = at(resource.inputs, *path)
        if isinstance(found, str) and found:
            return plain(found)
    return groups.get(str(resource.at("resourceGroupName")).lower())
