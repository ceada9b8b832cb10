"""`python -m tools.docs.policies [--check]`: the rules of the policy pack, and what they cover."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from policies.engine.configuration import configured
from policies.engine.levels import Severity
from policies.engine.requirements import Requirement, requirements, twins
from policies.engine.rule import GraphRule, ResourceRule, Rule
from policies.rules import RULES
from tools.docs.fresh import keep

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "policies.md"
UNDECIDABLE = ROOT / "policies" / "undecidable.json"
LEFT_OUT = ROOT / "policies" / "left_out.json"
COMMAND = "python -m tools.docs.policies"
OTHERS = ("PSRule", "Checkov", "Azure Policy", "CIS", "MCSB")
HEAD = f"""# Policies

The rules over this platform, and over anyone's azure-native program: no rule assumes our names or
layout. How to use them elsewhere: [using-the-policies.md](using-the-policies.md). Made by
`{COMMAND}`; do not edit.

| to | run |
|---|---|
| judge a deployment before it happens | `pulumi preview --policy-pack policies` |
| judge files without an engine | `mlops-policies scan FILE...` |

A scan reads Pulumi state exports, the output of `pulumi preview --json`, ARM templates (their
expressions are unknown values) and JSON lines with `type`, `name` and `props`. `--json` prints a
list with one object for each rule and each resource of the rule's types; `--sarif FILE` writes
SARIF 2.1.0; `--baseline FILE` takes an earlier `--json` and tells only what is new. It exits with
0 when clean, with 1 when something would stop a deployment in the environment, with 2 for bad
input.

- **Verdicts** are pass, fail, unknown and not-applicable. A property that is absent counts as the
  service's default. A value that is not known at preview is told as unknown;
  `policies/settings.yaml` says by severity and environment whether it warns or stops, the rule's
  parameter `unknown` for one rule.
- **Environment**: the parameter `environment`, else the stack's tags, else its name; a stack that
  says nothing gets prod's levels.
- **Parameters** come from the pack's configuration, else from the project's part of
  `policies/settings.yaml`, else they are the defaults below.
- **Waivers** stand in `policies/waivers.yaml`, or in the file that `AZURE_MLOPS_WAIVERS` or
  `--waivers` names: rule, resource, reason, owner, expiry, and an approver for critical rules.
  Each used one is told; one that is over, malformed or matches nothing is a violation.
- **Remediation**: rules marked with *can mend* change what is sent to Azure where the pack's
  configuration gives them the level `remediate`; by default none does.
"""


def document() -> str:
    """The whole file."""
    rules = configured(RULES)
    known, reasons = requirements(), undecidable()
    covered = {one for rule in rules for one in rule.requirements}
    parts = [HEAD, _coverage(known, covered, reasons), _rules(rules)]
    parts.append(_missing(known, reasons))
    return "\n".join(parts)


def undecidable() -> Mapping[str, str]:
    """The requirements that no declared stack decides, with the reason."""
    return json.loads(UNDECIDABLE.read_text("utf-8"))


def left_out() -> Mapping[str, str]:
    """The requirements that a stack could decide and that have no rule, with the reason."""
    by_reason: dict[str, list[str]] = json.loads(LEFT_OUT.read_text("utf-8"))
    return {one: reason for reason, ids in by_reason.items() for one in ids}


def _coverage(
    known: Mapping[str, Requirement], covered: set[str], reasons: Mapping[str, str]
) -> str:
    rows = list(known.values())
    lines = ["## Coverage", "", "By severity, requirements:", ""]
    lines += _table(("severity", "all", "covered", "not decidable", "left out"))
    for severity in (*(one.value for one in Severity), ""):
        of = [row.id for row in rows if severity in {"", row.severity}]
        ours, never = len(covered & set(of)), len(set(of) & set(reasons))
        name = severity or "**all**"
        lines.append(_row(name, len(of), ours, never, len(of) - ours - never))
    lines += ["", "Beside others: how many of the requirements each has, and ours of these:", ""]
    lines += _table(("group", "all", "ours", *(f"{who} / ours of these" for who in OTHERS)))
    groups = dict.fromkeys(row.group for row in rows)
    lines += [_beside(name, [row for row in rows if row.group == name], covered) for name in groups]
    lines.append(_beside("**all**", rows, covered))
    heavy = [row for row in rows if row.severity != Severity.LOW]
    lines.append(_beside("**critical, high, medium**", heavy, covered))
    return "\n".join([*lines, ""])


def _beside(name: str, rows: list[Requirement], covered: set[str]) -> str:
    cells = []
    for who in OTHERS:
        theirs = {row.id for row in rows if row.twins[who]}
        cells.append(f"{len(theirs)} / {len(theirs & covered)}")
    return _row(name, len(rows), len(covered & {row.id for row in rows}), *cells)


def _rules(rules: Iterable[Rule]) -> str:
    lines = ["## Rules", ""]
    for rule in sorted(rules, key=lambda one: one.id):
        lines += [f"### {rule.id}", "", f"{rule.title}. {rule.why}", ""]
        lines += [f"- {line}" for line in _facts(rule)]
        lines.append("")
    return "\n".join(lines)


def _facts(rule: Rule) -> Iterator[str]:
    levels = ", ".join(f"{where} {level}" for where, level in rule.levels.items())
    unknown = ", ".join(f"{where} {level}" for where, level in rule.unknown.items())
    yield f"Severity: {rule.severity}; levels: {levels}; unknown: {unknown}"
    if isinstance(rule, GraphRule):
        yield "Asked of the whole stack"
    yield f"Types: {', '.join(f'`{kind}`' for kind in rule.types)}"
    yield f"Requirements: {', '.join(rule.requirements)}"
    for who, ids in twins(rule).items():
        yield f"{who}: {', '.join(ids)}"
    for name, parameter in rule.parameters.items():
        default = json.dumps(parameter.default)
        yield f"Parameter `{name}`, by default `{default}`: {parameter.description}"
    if isinstance(rule, ResourceRule) and rule.mend:
        yield "Can mend"
    yield f"Fix: {rule.fix} [More]({rule.url})"


def _missing(known: Mapping[str, Requirement], reasons: Mapping[str, str]) -> str:
    lines = ["## What a declared stack cannot decide", ""]
    lines += _table(("requirement", "what it asks", "why not"))
    lines += [_row(one, known[one].condition, why) for one, why in sorted(reasons.items())]
    lines += ["", "## Left out", "", "None of them weighs more than low.", ""]
    lines += _table(("requirement", "what it asks", "why no rule"))
    lines += [_row(one, known[one].condition, why) for one, why in sorted(left_out().items())]
    return "\n".join([*lines, ""])


def _table(headings: Iterable[str]) -> list[str]:
    names = list(headings)
    return [_row(*names), "|" + "---|" * len(names)]


def _row(*cells: object) -> str:
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


def main(target: Path = TARGET) -> int:
    """Write the file; with --check return 1 if it is stale."""
    return keep(target, document(), COMMAND)


if __name__ == "__main__":
    sys.exit(main())
