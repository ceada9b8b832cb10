"""What a scan found, as a table for people and as JSON for programs."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policies.engine.waivers import Problem
from policies.scan.judging import Answer, Word

if TYPE_CHECKING:
    from rich.console import Console

WAIVERS = "waivers"
WAIVER_FIX = "Mend the waiver in the file of waivers, or remove it."
_STYLES = {Word.FAIL: "bold red", Word.UNKNOWN: "yellow", Word.WAIVED: "cyan"}


@dataclass(frozen=True)
class Report:
    """All answers that are to be told, and the waivers that are violations themselves."""

    answers: Sequence[Answer]
    problems: Sequence[Problem]
    resources: int
    rules: int

    @property
    def violations(self) -> int:
        """How many findings make a scan fail."""
        return sum(answer.stops for answer in self.answers) + len(self.problems)

    @property
    def findings(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.word in _STYLES]


def entries(report: Report) -> Iterable[dict[str, object]]:
    """One object for each rule and resource, then one for each bad waiver."""
    for answer in report.answers:
        rule, item = answer.rule, answer.item
        entry: dict[str, object] = {
            "rule": rule.id,
            "requirements": list(rule.requirements),
            "severity": rule.severity.value,
            "level": answer.level.value,
            "verdict": answer.word.value,
            "resource": item.facts.name,
            "type": item.facts.type,
            "urn": item.facts.urn,
            "file": item.file,
            "line": item.line,
            "message": answer.message,
            "remediation": rule.fix,
            "url": rule.url,
        }
        if waiver := answer.waiver:
            entry["waiver"] = {
                "owner": waiver.owner,
                "approver": waiver.approver,
                "reason": waiver.reason,
                "expires": waiver.expires.isoformat(),
            }
        yield entry
    for problem in report.problems:
        yield {
            "rule": WAIVERS,
            "requirements": [],
            "severity": "high",
            "level": "mandatory",
            "verdict": Word.FAIL.value,
            "resource": problem.place,
            "urn": problem.place,
            "message": f"{problem.place}: {problem.message}",
            "remediation": WAIVER_FIX,
        }


def as_json(report: Report) -> str:
    """A JSON list with one object a line."""
    lines = [json.dumps(entry, ensure_ascii=False) for entry in entries(report)]
    return "[\n" + ",\n".join(lines) + "\n]" if lines else "[]"


def print_table(report: Report, console: "Console") -> None:
    """Print what is not as it should be, and a line that sums up."""
    # Programs ask for JSON, and would wait for these as long as for the answer.
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for answer in report.findings:
        rule, item = answer.rule, answer.item
        counted = "" if answer.stops or answer.waiver else ", a warning"
        what = Text(f"{rule.id}: {answer.message}\n")
        if not answer.waiver:
            what.append(f"Fix: {rule.fix}\n")
        what.append(f"{item.file}:{item.line}\n", style="dim")
        verdict = f"{answer.word}, {rule.severity}{counted}"
        table.add_row(Text(verdict, style=_STYLES[answer.word]), what)
    for problem in report.problems:
        what = Text(f"{problem.place}: {problem.message}\n")
        table.add_row(Text(f"{Word.FAIL}, {WAIVERS}", style=_STYLES[Word.FAIL]), what)
    if table.row_count:
        console.print(table)
    console.print(Text(_summary(report)))


def _summary(report: Report) -> str:
    counts = Counter(answer.word for answer in report.answers)
    told = ", ".join(f"{counts[word]} {word}" for word in Word if counts[word]) or "nothing to tell"
    waivers = f", {len(report.problems)} bad waivers" if report.problems else ""
    return (
        f"{report.resources} resources, {report.rules} rules: {told}{waivers}; "
        f"{report.violations} of these stop a deployment"
    )
