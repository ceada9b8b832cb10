"""The policy pack over prod's resources, beside Checkov over the same, and how it grows.

`python -m benchmarks.policy_pack` measures this alone and writes its rows into results.md.
"""

import os
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


def prod(report: Report, environment: Mapping[str, str], folder: Path) -> None:
    """Measure the pack and Checkov over prod, as the local Azure holds it after `pulumi up`."""
    pulumi = [AZLOCAL, "exec", "--", "pulumi"]
    up = [*pulumi, "up", "--yes", "--skip-preview", "--stack", STACK]
    run(up, environment=environment)
    _, state = run([*pulumi, "stack", "export", "--stack", STACK], environment=environment)
    exported = folder / "state.json"
    exported.write_text(state, "utf-8")
    templates = folder / "templates"
    run([AZLOCAL, "export", "--arm-template", templates], environment=environment)
    over_resources(report, exported)
    over_templates(report, templates)
    growth(report, exported)


def over_resources(report: Report, exported: Path) -> None:
    """Measure all rules over a stack's resources, in one process."""
    rules, items = configured(RULES), read(exported, STACK)
    ours = [item for item in items if item.facts.type.startswith("azure-native:")]

    def asked() -> int:
        return len(list(judge(items, rules, Configuration(), Waivers())))

    answers, seconds = asked(), _median(asked)
    report.add(
        Result(
            what=f"policy pack, {len(rules)} rules over prod's {len(ours)} Azure resources, "
            "median of 5",
            measured=f"{seconds * 1e3:.0f} ms, {seconds / len(ours) * 1e6:.0f} µs a resource",
            beside=f"{answers} answers",
            budget="none",
            kept=True,
        )
    )


def over_templates(report: Report, templates: Path) -> None:
    """Measure the scan and Checkov over the same ARM templates, each as a process of its own."""
    files = sorted(templates.glob("*.json"))
    count = sum(len(read(file, STACK)) for file in files)
    mine, others = [], []
    for _ in range(3):  # in turns, so that a busy moment of the machine hits both
        mine.append(_process([SCAN, "scan", "--json", *files]))
        others.append(_process(checkov.command(templates)))
    seconds, other = statistics.median(mine), statistics.median(others)
    report.add(
        Result(
            what=f"`mlops-policies scan` of prod's ARM templates, {count} resources, with the "
            "start of the process, median of 3",
            measured=f"{seconds:.2f} s, {other / seconds:.0f} x faster",
            beside=f"Checkov's ARM rules: {other:.1f} s; load {os.getloadavg()[0]:.1f}",
            budget=f"{FASTER} x faster",
            kept=other / seconds >= FASTER,
        )
    )


def growth(report: Report, exported: Path) -> None:
    """Measure copies of a stack's resources: time and memory a resource at three sizes."""
    rules, base = configured(RULES), read(exported, STACK)
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


def _process(command: Sequence[str | Path]) -> float:
    """Seconds of a command that says by 0 or 1 what it found.

    Raises:
        BenchmarkError: it did not come so far.
    """
    start = time.perf_counter()
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
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
