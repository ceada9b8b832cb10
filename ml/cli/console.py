"""What goes to the terminal: results to standard output, progress and errors to standard error."""

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

WIDE = 1000  # a log has no edge: nothing is cut off there
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, soft_wrap=True, highlight=False)

COLOURS = {
    "Completed": "green",
    "Failed": "red",
    "Canceled": "yellow",
    "Running": "cyan",
    "skipped": "yellow",
}


def coloured(status: str) -> str:
    """Return the status in its colour, as rich markup."""
    colour = COLOURS.get(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status


def say(text: str) -> None:
    """Tell how far something is; brackets in it are no colours."""
    err.print(text, markup=False)


def as_json(document: object) -> None:
    """Print a result for programs, and nothing else."""
    out.print(json.dumps(document, indent=2), markup=False)


def as_table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """Print a result for people."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    out.print(table)


def clock(seconds: float) -> str:
    """Return a duration as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{seconds:.1f} s"
