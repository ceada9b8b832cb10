"""Writing findings: JSON for programs, a report for people, a table for Azure ML's own monitor."""

import json
from collections.abc import Mapping
from pathlib import Path

from ml.drift.findings import Finding, Findings, Level
from ml.monitoring.looking import Look

FINDINGS, SUMMARY = "findings.json", "summary.json"
MARKDOWN, HTML = "report.md", "report.html"
# What Azure ML's custom signal compares: how grave each finding is, with what is too grave.
METRIC, THRESHOLD = "alarm_level", 1.5
GRAVITY = {Level.PAGE: 2.0, Level.NOTE: 1.0, Level.FINE: 0.0, Level.UNKNOWN: 0.0}
_TEMPLATES = Path(__file__).parent / "templates"


def write(look: Look, about: Mapping[str, object], folder: Path) -> dict[str, object]:
    """Write findings, summary and both reports; return the summary."""
    found = look.findings
    summary: dict[str, object] = {
        **about,
        "alarm": look.alarm,
        "event": look.event,
        "first_day": found.first_block,
        "last_day": found.last_block,
        "days": found.days,
        "rows": found.rows,
        "labelled": labelled(look),
        "tests": found.tests,
        "levels": {str(level): len(found.at(level)) for level in Level},
        "answers": look.seen.answers,
        "answers_without_inputs": look.seen.lost,
        "hours_read": look.seen.read,
        "hours_known": look.seen.known,
    }
    (folder / FINDINGS).write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")
    text = json.dumps(summary, indent=2) + "\n"
    (folder / SUMMARY).write_text(text, encoding="utf-8")
    _reports(found, summary, folder)
    return summary


def labelled(look: Look) -> int:
    """Return how many rows of the window have a label."""
    outcomes = look.window.profile.outcomes
    return int(outcomes.rows.sum()) if outcomes else 0


def metrics(look: Look) -> dict[str, float]:
    """Return what MLflow keeps: counts, and each effect under its finding's name."""
    found = look.findings
    kept = {f"findings.{level}": float(len(found.at(level))) for level in Level}
    kept |= {"rows": float(found.rows), "labelled": float(labelled(look))}
    for each in found.findings:
        if each.segment is None and each.effect is not None:
            kept[f"{each.signal}.{each.subject}"] = each.effect
            if each.window is not None:
                kept[f"{each.signal}.{each.subject}.window"] = each.window
    return kept


def signal(findings: Findings, folder: Path, threshold: float = THRESHOLD) -> None:
    """Write the table that Azure ML's custom monitoring signal wants, as an MLTable."""
    import pyarrow as pa  # noqa: PLC0415  a quarter of a second that --help does not need
    import pyarrow.parquet as pq  # noqa: PLC0415  as above

    rows = [
        {
            "group": found.name,
            "metric_name": METRIC,
            "metric_value": GRAVITY[found.level],
            "threshold_value": threshold,
        }
        for found in findings.findings
    ]
    kinds = [
        *(("group", pa.string()), ("metric_name", pa.string())),
        *(("metric_value", pa.float64()), ("threshold_value", pa.float64())),
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(kinds)), folder / "signal.parquet")
    table = "type: mltable\npaths:\n  - pattern: ./*.parquet\ntransformations:\n  - read_parquet\n"
    (folder / "MLTable").write_text(table, encoding="utf-8")


def _reports(findings: Findings, summary: Mapping[str, object], folder: Path) -> None:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  as above

    for name, escape in ((MARKDOWN, False), (HTML, True)):
        made = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            undefined=StrictUndefined,
            autoescape=escape,  # noqa: S701  Markdown is no HTML
            trim_blocks=True,
            lstrip_blocks=True,
        )
        made.filters["number"] = number
        made.filters["cell"] = _cell
        text = made.get_template(f"{name}.j2").render(
            summary=summary, findings=findings.findings, ranked=ranked(findings)
        )
        (folder / name).write_text(text.rstrip() + "\n", encoding="utf-8")


def ranked(findings: Findings) -> list[Finding]:
    """Return drift by what it probably costs: distance x importance x estimated loss."""
    drifted = [found for found in findings.findings if found.impact is not None]
    return sorted(drifted, key=lambda found: (-(found.impact or 0.0), -(found.effect or 0.0)))


def number(value: float | None) -> str:
    """Return a number for people, a dash for none."""
    return "-" if value is None else f"{value:.4g}"


def _cell(text: str) -> str:
    """Keep a table of Markdown a table: names of categories come from the data."""
    return text.replace("|", "\\|").replace("\n", " ")
