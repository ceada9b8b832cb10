"""The report of a replayed year: one HTML file that stands alone, and a table for terminals."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.loop import plots, story, svg, timeline
from ml.loop.record import Decision, Loop
from ml.loop.sizes import month_name

_TEMPLATES = Path(__file__).parent / "templates"
# More decisions than this are folded by month; a mark on the timeline opens its month.
_OPEN = 80


@dataclass(frozen=True)
class Group:
    """The decisions of a month, each with its number in the record, and what they came to."""

    title: str
    decisions: tuple[tuple[int, Decision], ...]
    summary: str


@dataclass(frozen=True)
class Served:
    """What a deployment answered in a month."""

    month: str
    deployment: str
    requests: int
    errors: int
    p95_ms: float | None


def write(record: Loop, path: Path) -> None:
    """Write the report, which stands alone: no network, no scripts, the same bytes every time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(record), encoding="utf-8")


def page(record: Loop) -> str:
    """Return the report as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  only here

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": story.number,
        "tone": story.tone,
        "tone_of": story.tone_of,
        "words": story.words,
        "ratio": story.ratio,
    }
    return made.get_template("loop.html.j2").render(
        record=record,
        sentence=story.sentence(record),
        tiles=story.tiles(record),
        timelines=timeline.timelines(record),
        performances={name: plots.performance(record.months, name) for name in ("AUC", "Brier")},
        heat_maps=story.heat_maps(record.drift),
        traffics=plots.traffics(record),
        deployments=story.deployments(record.traffic),
        served=served(record),
        groups=groups(record.decisions),
        unfolded=len(record.decisions) <= _OPEN,
        shapes=svg.SHAPES,
        duration=story.duration,
        share=story.share,
    )


def groups(decisions: Sequence[Decision]) -> list[Group]:
    """Return the decisions by simulated month, each month in the order of its time."""
    by_month: dict[str, list[tuple[int, Decision]]] = defaultdict(list)
    for pair in sorted(enumerate(decisions, start=1), key=lambda pair: pair[1].at):
        by_month[f"{month_name(pair[1].at.date(), 9)} {pair[1].at.year}"].append(pair)
    found = []
    for title, pairs in by_month.items():
        verdicts = [
            story.words(one.verdict) for _, one in pairs if story.tone(one.verdict) != "plain"
        ]
        counted = {verdict: verdicts.count(verdict) for verdict in dict.fromkeys(verdicts)}
        summary = ", ".join(f"{count} {verdict}" for verdict, count in counted.items())
        found.append(Group(title, tuple(pairs), summary))
    return found


def served(record: Loop) -> list[Served]:
    """Return the traffic by month and deployment, with the worst day's P95."""
    found: dict[tuple[str, str], list[tuple[int, int, float | None]]] = defaultdict(list)
    for day in record.traffic:
        key = f"{day.day:%Y-%m}", day.deployment
        found[key].append((day.requests, day.errors, day.p95_ms))
    return [
        Served(
            *key,
            requests=sum(requests for requests, _, _ in days),
            errors=sum(errors for _, errors, _ in days),
            p95_ms=max((p95 for _, _, p95 in days if p95 is not None), default=None),
        )
        for key, days in sorted(found.items())
    ]


def markdown(decisions: Sequence[Decision]) -> str:
    """Return the table of decisions as Markdown, one line a decision."""
    lines = ["| when | what | subject | verdict | reason | numbers |", "|---|---|---|---|---|---|"]
    for one in sorted(decisions, key=lambda found: found.at):
        numbers = ", ".join(f"{name} {story.number(value)}" for name, value in one.numbers.items())
        cells = (
            f"{one.at:%Y-%m-%d}",
            one.kind,
            one.subject,
            f"**{story.words(one.verdict)}**",
            one.reason,
            numbers,
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return "\n".join(lines) + "\n"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
