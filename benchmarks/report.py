"""Results side by side: printed as they come, written to results.md at the end."""

import datetime as dt
import os
import platform
from dataclasses import dataclass
from pathlib import Path

import psutil
from rich.console import Console

RESULTS = Path(__file__).with_name("results.md")


@dataclass(frozen=True, kw_only=True)
class Result:
    """One measured thing beside what it is compared with."""

    what: str
    measured: str
    beside: str
    budget: str
    kept: bool


class Report:
    """Collects results."""

    def __init__(self) -> None:
        self._console = Console()
        self._results: list[Result] = []

    def say(self, text: str) -> None:
        """Tell what is being measured now."""
        self._console.print(text, style="dim")

    def add(self, result: Result) -> None:
        """Take a result and print it."""
        self._results.append(result)
        verdict = "[green]kept[/]" if result.kept else "[red]missed[/]"
        self._console.print(
            f"{result.what}: [bold]{result.measured}[/] ({result.budget}: {verdict})"
        )

    def write(self) -> None:
        """Write all results as Markdown, with the machine they were measured on."""
        now = dt.datetime.now(dt.UTC)
        memory = psutil.virtual_memory().total / 2**30
        machine = (
            f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"
        )
        lines = [
            "# Benchmarks",
            "",
            "Written by `make bench`. Times are wall-clock; medians where several runs are named.",
            "",
            f"Measured {now:%Y-%m-%d} on {machine}, Python {platform.python_version()}.",
            "",
            "| what | measured | beside | budget | kept |",
            "|---|---|---|---|---|",
        ]
        lines += [
            f"| {result.what} | {result.measured} | {result.beside} | {result.budget} "
            f"| {'yes' if result.kept else '**no**'} |"
            for result in self._results
        ]
        RESULTS.write_text("\n".join(lines) + "\n")
        self._console.print(f"written to {RESULTS.relative_to(Path.cwd())}")
