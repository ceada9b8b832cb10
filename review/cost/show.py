"""An estimate as a table for people."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from review.cost.estimate import Estimate
from review.cost.lines import Kind, Range
from review.cost.table import Gap, Row, gaps, rows


def show(found: Estimate, out: Console) -> None:
    """Print what costs by service, the sums, and what is in no sum."""
    title = Text(f"Cost of {found.stack or 'the stack'}, US dollars a month", style="bold")
    out.print(title, f"({found.origin}; list prices, 730 hours)", soft_wrap=True)
    out.print(_table(found, rows(found)))
    missing = gaps(found)
    if missing:
        out.print(Text(f"\nNot priced: {len(found.unpriced)}, in no sum", style="bold yellow"))
        out.print(_missing(missing))
    for sentence in _footer(found):
        out.print(sentence, soft_wrap=True, markup=False, highlight=False)


def _table(found: Estimate, listed: Iterable[Row]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=False)
    table.add_column("", overflow="fold", ratio=4)
    table.add_column("n", justify="right")
    for name in ("fixed", "min .. max"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("by use", overflow="fold", ratio=2)
    table.add_column("notes", overflow="fold", ratio=3)
    for service, members in groupby(listed, key=lambda row: row.service):
        table.add_row(Text(service, style="bold cyan"))
        for row in members:
            table.add_row(
                Text(f"  {row.label}"),
                str(row.count),
                *_amounts(row.monthly),
                _use(row),
                _notes(row),
            )
    table.add_section()
    scaling = found.scaling
    table.add_row(
        Text("Sum", style="bold"), "", dollars(found.fixed.low), _span(scaling), "", "without use"
    )
    table.add_row(Text("Total", style="bold"), "", "", _span(found.total), "", "without use")
    return table


def _amounts(monthly: Range | None) -> tuple[str, str]:
    if monthly is None:
        return "", ""
    return (dollars(monthly.low), "") if monthly.is_fixed else ("", _span(monthly))


def _use(row: Row) -> str:
    if row.rate is None:
        return ""
    price = "not priced" if row.rate.usd is None else f"{row.rate.usd.normalize():f}"
    return f"{price} per {row.rate.unit}"


def _notes(row: Row) -> Text:
    return Text("; ".join(row.marks), style="dim")


def _missing(missing: Iterable[Gap]) -> Table:
    table = Table("  type", "n", "what", "why", box=None, pad_edge=False, header_style="bold")
    for gap in missing:
        table.add_row(f"  {gap.type}", str(gap.count), gap.label, gap.why)
    return table


def _footer(found: Estimate) -> Iterable[str]:
    free = found.free_types
    yield f"\nFree by themselves: {sum(free.values())} resources of {len(free)} types."
    use = sum(line.rate is not None and line.rate.usd is None for line in found.of(Kind.USAGE))
    if use:
        yield f"By use, at a rate that is not priced: {use}."
    yield (
        f"Prices used: {len(found.prices)}, of these older than a year: {len(found.old_prices)}. "
        "Sources and dates: review/prices.csv."
    )


def _span(amount: Range) -> str:
    return f"{dollars(amount.low)} .. {dollars(amount.high)}"


def dollars(amount: Decimal) -> str:
    """Return an amount in dollars and cents."""
    return f"{amount:,.2f}"
