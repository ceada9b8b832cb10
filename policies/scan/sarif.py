"""SARIF 2.1.0, the format that code scanning shows beside the code."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

from policies.engine.levels import Level, Severity
from policies.engine.requirements import twins
from policies.engine.rule import Rule
from policies.scan.judging import Answer, Word
from policies.scan.report import WAIVER_FIX, WAIVERS, Report

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# What code scanning sorts by: 9 and more is critical, 7 high, 4 medium.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
}
_LEVELS = {Level.MANDATORY: "error", Level.ADVISORY: "warning", Level.DISABLED: "none"}


def document(
    report: Report, rules: Iterable[Rule], waiver_file: str, *, new: bool = False
) -> dict[str, object]:
    """The whole log; `new` says that known findings were left out with a baseline."""
    described = [*(_rule(rule) for rule in rules), _WAIVERS_RULE]
    index = {str(rule["id"]): number for number, rule in enumerate(described)}
    results = [_result(answer, index) for answer in report.findings]
    results += [
        {
            "ruleId": WAIVERS,
            "ruleIndex": index[WAIVERS],
            "level": "error",
            "message": {"text": f"{problem.place}: {problem.message}"},
            "locations": [_location(waiver_file, 1)],
            "partialFingerprints": _fingerprint(WAIVERS, problem.place),
            "suppressions": [],
        }
        for problem in report.problems
    ]
    if new:
        results = [{**result, "baselineState": "new"} for result in results]
    driver = {"name": "mlops-policies", "rules": described}
    run = {"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, object]:
    others = [f"{who}: {one}" for who, ids in twins(rule).items() for one in ids]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why or rule.title},
        "help": {"text": f"{rule.fix} More: {rule.url}"},
        "helpUri": rule.url,
        "properties": {
            "tags": list(dict.fromkeys(["security", *rule.requirements, *others])),
            "security-severity": _SCORES[rule.severity],
        },
    }


_WAIVERS_RULE: dict[str, object] = {
    "id": WAIVERS,
    "shortDescription": {"text": "Waivers are complete, in date and of use"},
    "help": {"text": WAIVER_FIX},
    "properties": {"tags": ["security"], "security-severity": _SCORES[Severity.HIGH]},
}


def _result(answer: Answer, index: Mapping[str, int]) -> dict[str, object]:
    rule, item = answer.rule, answer.item
    result: dict[str, object] = {
        "ruleId": rule.id,
        "ruleIndex": index[rule.id],
        "level": _LEVELS[answer.level],
        "message": {"text": f"{rule.title}. {answer.message} Fix: {rule.fix}"},
        "locations": [_location(item.file, item.line, item.facts.urn)],
        "partialFingerprints": _fingerprint(rule.id, item.facts.urn),
        "suppressions": [],
        "properties": {"verdict": answer.word.value},
    }
    if answer.word is Word.UNKNOWN and not answer.stops:
        # Not decided, so it has no level; one that stops a deployment is an error like others.
        result |= {"kind": "open", "level": "none"}
    if waiver := answer.waiver:
        suppression = {"kind": "external", "status": "accepted", "justification": str(waiver)}
        result["suppressions"] = [suppression]
    return result


def _location(file: str, line: int, urn: str = "") -> dict[str, object]:
    physical = {"artifactLocation": {"uri": _uri(file)}, "region": {"startLine": line}}
    location: dict[str, object] = {"physicalLocation": physical}
    if urn:
        location["logicalLocations"] = [{"fullyQualifiedName": urn, "kind": "resource"}]
    return location


def _uri(file: str) -> str:
    path, here = Path(file), Path.cwd()
    if path.is_absolute():
        if not path.is_relative_to(here):
            return path.as_uri()
        path = path.relative_to(here)
    return quote(path.as_posix())


def _fingerprint(rule: str, urn: str) -> dict[str, str]:
    return {"ruleAndResource/v1": hashlib.sha256(f"{rule}\n{urn}".encode()).hexdigest()}
