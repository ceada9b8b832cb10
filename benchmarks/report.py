"""Results side by side: printed as they come, written to results.md at the end."""

import datetime as dt
import os
import platform
import re
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
        self._sections: dict[str, list[str]] = {}

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

    def section(self, title: str, lines: list[str]) -> None:
        """Take a part of its own, in Markdown, that stands below the table."""
        self._sections[title] = lines
        self._console.print("\n".join([title, *lines]), markup=False)

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
        self._save([*lines, *map(_row, self._results)])

    def merge(self) -> None:
        """Put these results into the file, each in the place of its own kind or at the end."""
        table, *kept = RESULTS.read_text("utf-8").split("\n## ")
        lines = table.splitlines()
        for title, _, text in (section.partition("\n") for section in kept):
            self._sections.setdefault(title, text.strip("\n").splitlines())
        for result in self._results:
            row = _row(result)
            old = [index for index, line in enumerate(lines) if _kind(line) == _kind(row)]
            if old:
                lines[old[0]] = row
            else:
                lines.append(row)
        self._save(lines)

    def _save(self, lines: list[str]) -> None:
        for title, text in sorted(self._sections.items()):
            lines = [*lines, "", f"## {title}", "", *text]
        RESULTS.write_text("\n".join(lines) + "\n", "utf-8")
        self._console.print(f"written to {RESULTS.relative_to(Path.cwd())}")


def _row(result: Result) -> str:
    kept = "yes" if result.kept else "**no**"
    return f"| {result.what} | {result.measured} | {result.beside} | {result.budget} | {kept} |"


def _kind(row: str) -> str:
    """What a row is about, without the numbers that change from run to run."""
    return re.split(r"[,0-9]", row, maxsplit=1)[0] if row.startswith("| ") else ""
