"""The policy pack over prod's resources, beside Checkov over the same, and how it grows.

`python -m benchmarks.policy_pack` measures this alone and writes its rows into results.md.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from benchmarks.measure import AZLOCAL, BenchmarkError, local_azure, run
from benchmarks.report import Report, Result
from policies.engine.configuration import configured
from policies.engine.resource import Facts
from policies.engine.rule import Rule
from policies.engine.waivers import Waivers
from policies.rules import RULES
from policies.scan.items import Item
from policies.scan.judging import Configuration, judge
from policies.scan.reading import read
from tools import checkov

SCAN = Path(sys.executable).with_name("mlops-policies")
STACK = "prod"
FASTER = 20
SIZES = (100, 1_000, 10_000)
# Between the smallest and the largest: what is linear stays where it is, within noise.
GROWTH = 1.5
EMPTY = """{
  "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
  "contentVersion": "1.0.0.0",
  "resources": []
}
"""


def prod(report: Report, environment: Mapping[str, str], folder: Path) -> None:
    """Measure the pack and Checkov over prod, as the local Azure holds it after `pulumi up`."""
    pulumi = [AZLOCAL, "exec", "--", "pulumi"]
    up = [*pulumi, "up", "--yes", "--skip-preview", "--stack", STACK]
    run(up, environment=environment)
    templates = folder / "templates"
    run([AZLOCAL, "export", "--arm-template", templates], environment=environment)
    over_templates(report, templates)
    growth(report, templates)


def over_templates(report: Report, templates: Path) -> None:
    """Measure the rules, the scan and Checkov over the same ARM templates."""
    rules, items = configured(RULES), _items(templates)
    asked = partial(_all, rules, items)
    files = sorted(templates.glob("*.json"))
    with tempfile.TemporaryDirectory() as scratch:
        empty = Path(scratch) / "none"
        empty.mkdir()
        empty.joinpath("none.json").write_text(EMPTY, "utf-8")
        # Both have their modules compiled by a first run, as on any other day.
        warm = {**os.environ, "PYTHONPYCACHEPREFIX": f"{scratch}/compiled"}
        warm.pop("PYTHONDONTWRITEBYTECODE", None)
        commands: dict[str, list[str | Path]] = {
            "scan": [SCAN, "scan", "--json", *files],
            "checkov": checkov.command(templates),
            "start": checkov.command(empty),
        }
        for command in commands.values():
            _process(command, warm)
        found: dict[str, list[float]] = {name: [] for name in (*commands, "pack")}
        for _ in range(3):  # in turns, so that a busy moment of the machine hits all
            found["pack"].append(_median(asked))
            for name, command in commands.items():
                found[name].append(_process(command, warm))
    pack, scan, other, start = (
        statistics.median(found[name]) for name in ("pack", "scan", "checkov", "start")
    )
    beside = f"Checkov's ARM run: {other:.1f} s, of which {start:.1f} s are its start; "
    beside += f"load {os.getloadavg()[0]:.1f}"
    count = len(items)
    report.add(
        Result(
            what=f"policy pack, {len(rules)} rules over prod's {count} ARM resources, median of 3",
            measured=f"{pack * 1e3:.0f} ms, {pack / count * 1e6:.0f} µs a resource, "
            f"{other / pack:.0f} x faster",
            beside=beside,
            budget=f"{FASTER} x faster",
            kept=other / pack >= FASTER,
        )
    )
    report.add(
        Result(
            what="`mlops-policies scan` of the same, with the start of the process and the reading "
            "of the templates, median of 3",
            measured=f"{scan:.2f} s, {other / scan:.0f} x faster",
            beside="the same run of Checkov",
            budget="none",
            kept=True,
        )
    )


def _items(templates: Path) -> list[Item]:
    return [item for file in sorted(templates.glob("*.json")) for item in read(file, STACK)]


def growth(report: Report, templates: Path) -> None:
    """Measure copies of a stack's resources: time and memory a resource at three sizes."""
    rules, base = configured(RULES), _items(templates)
    # Each size has the same mix of types.
    random.Random(0).shuffle(base)  # noqa: S311 - the same order each time
    _all(rules, base)
    times, memory = [], []
    for size in SIZES:
        items = _copies(base, size)
        asked = partial(_all, rules, items)
        times.append(_median(asked, 3, time.process_time) / size * 1e6)
        memory.append(_peak(asked) / size / 1024)
    sizes = ", ".join(f"{size:,}" for size in SIZES)
    stays = max(times) / min(times) <= GROWTH and memory[-1] / memory[0] <= GROWTH
    report.add(
        Result(
            what=f"policy pack over {sizes} resources",
            measured=", ".join(f"{one:.0f}" for one in times) + " µs of the processor a resource",
            beside=", ".join(f"{one:.1f}" for one in memory) + " KiB a resource at the peak",
            budget=f"grows by no more than {GROWTH} x a resource",
            kept=stays,
        )
    )


def _copies(base: Sequence[Item], size: int) -> list[Item]:
    """Whole copies of a stack under other names, with the edges that each copy has within."""
    made: list[Item] = []
    while len(made) < size:
        number = len(made) // len(base)
        for item in base[: size - len(made)]:
            facts, mark = item.facts, f"-{number}"
            renamed = Facts(facts.type, facts.name + mark, facts.urn + mark, facts.protected)
            needs = {key: tuple(urn + mark for urn in urns) for key, urns in item.needs.items()}
            made.append(Item(renamed, item.value, item.file, item.line, needs))
    return made


def _all(rules: Sequence[Rule], items: Sequence[Item]) -> None:
    """Take each answer and let it go, as a report that is written line by line."""
    for _ in judge(items, rules, Configuration(), Waivers()):
        pass


def _median(
    measured: Callable[[], object], times: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    found: list[float] = []
    for _ in range(times):
        start = clock()
        measured()
        found.append(clock() - start)
    return statistics.median(found)


def _peak(measured: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        measured()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _process(command: Sequence[str | Path], environment: Mapping[str, str]) -> float:
    """Seconds of a command that says by 0 or 1 what it found.

    Raises:
        BenchmarkError: it did not come so far.
    """
    start = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    seconds = time.perf_counter() - start
    if ran.returncode not in {0, 1}:
        words = " ".join(map(str, command))
        raise BenchmarkError(f"{words}: exit code {ran.returncode}\n{ran.stderr}")
    return seconds


def main() -> int:
    """Measure this alone; return 1 when a measured command failed."""
    report = Report()
    try:
        with tempfile.TemporaryDirectory(prefix="azlocal-bench-") as folder:
            home = Path(folder)
            with local_azure(home / "prod") as environment:
                prod(report, environment, home)
    except BenchmarkError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    report.merge()
    return 0


if __name__ == "__main__":
    sys.exit(main())
