"""Nodes: virtual machines by size, dedicated or spot, and the disks that they start from."""

from dataclasses import dataclass
from decimal import Decimal

from review.cost.case import Case
from review.cost.lines import Line

# Premium SSD by the largest size in GiB that a tier holds.
_PREMIUM = ((4, "P1"), (8, "P2"), (16, "P3"), (32, "P4"), (64, "P6"), (128, "P10"), (256, "P15"))


@dataclass(frozen=True)
class Nodes:
    """Machines of one size: from `low` to `high` of them run."""

    size: str
    low: Decimal
    high: Decimal
    spot: bool = False

    @property
    def label(self) -> str:
        count = f"{self.low}" if self.low == self.high else f"{self.low} to {self.high}"
        return f"{count} x {self.size}{' spot' if self.spot else ''}"


def machines(case: Case, nodes: Nodes, *notes: str) -> Line:
    """Price the nodes; spot without the region's own price counts as dedicated, and says so."""
    item = "vm"
    if nodes.spot and case.book.here("vm-spot", nodes.size, case.region):
        item = "vm-spot"
    elif nodes.spot:
        notes = (*notes, "spot at the dedicated price: upper bound")
    return case.amount(nodes.label, item, nodes.size, low=nodes.low, high=nodes.high, notes=notes)


def disk(case: Case, gigabytes: Decimal, *, low: Decimal | int, high: Decimal | int) -> Line:
    """Price Premium SSDs that hold so many GiB, one a node."""
    label = f"system disk of {gigabytes} GiB"
    tier = next((tier for most, tier in _PREMIUM if gigabytes <= most), None)
    if tier is None:
        return case.unpriced(label, f"no price for a Premium SSD of {gigabytes} GiB")
    return case.amount(f"{label} ({tier})", "managed-disk", tier, low=low, high=high)
