"""What a record tells at a glance: its tones, its lanes, its sentence and its numbers."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import cycle

from ml.loop.record import Decision, DriftCell, Kind, Loop, TrafficDay


class Tone(StrEnum):
    """How a verdict reads: its shape and colour, wherever it stands."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    PLAIN = "plain"
    FAULT = "fault"


_GOOD = "pass promoted promote advance approved registered trained released held go yes"
_BAD = "fail failed rolled_back roll_back page rejected lost denied"
_UNSURE = "inconclusive note kept keep_champion taken_over refused stopped unknown skipped"
_TONES = {
    word: tone
    for tone, words in ((Tone.GOOD, _GOOD), (Tone.BAD, _BAD), (Tone.UNSURE, _UNSURE))
    for word in words.split()
}

_COLOURS = ("blue", "green", "orange", "purple", "grey")
LANES: dict[str, tuple[Kind, ...]] = {
    "Monitor": ("monitor",),
    "Retraining": ("retrain", "train"),
    "Gate": ("gate", "approval", "register"),
    "Release": ("release",),
    "Rollback": ("rollback",),
    "Fault": ("fault",),
}


def tone(verdict: str) -> Tone:
    """Return how a verdict reads; one that is not known is plain."""
    return _TONES.get(verdict.lower().replace(" ", "_").replace("-", "_"), Tone.PLAIN)


def tone_of(decision: Decision) -> Tone:
    """Return how a decision reads; what was broken on purpose is not bad news."""
    found = tone(decision.verdict)
    return Tone.FAULT if decision.kind == "fault" and found is Tone.PLAIN else found


def words(verdict: str) -> str:
    """Return a verdict as people write it."""
    return verdict.replace("_", " ")


@dataclass(frozen=True)
class Tile:
    """A number of the year, with what it counts and what it is made of."""

    value: str
    label: str
    note: str


def tiles(record: Loop) -> list[Tile]:
    """Return the numbers of the header; what a record has nothing of is left out."""
    days = (record.last - record.first).days + 1
    requests, errors = served(record.traffic)
    paged = sum(alert.level == "page" for alert in record.alerts)
    trained = [found for found in record.decisions if found.kind == "train"]
    gates = [found.verdict for found in record.decisions if found.kind == "gate"]
    endings = [words(span.ending or "running") for span in record.releases]
    held = sum(fault.held for fault in record.faults)
    found = [
        Tile(f"{days:,}", "simulated days", f"{record.first} to {record.last}"),
        Tile(
            f"{requests:,}", "requests answered", f"{errors:,} failed ({share(errors, requests)})"
        ),
        Tile(f"{paged:,}", "alerts that page", f"{len(record.alerts) - paged:,} to look at"),
        Tile(f"{len(trained):,}", "models trained", _tally(gates, "at the gate"))
        if trained
        else Tile(f"{len(gates):,}", "models at the gate", _tally(gates, "")),
        Tile(f"{len(record.releases):,}", "releases", _tally(endings, "")),
        Tile(f"{held} of {len(record.faults)}", "faults held", "broken on purpose"),
        Tile(
            duration(record.ended - record.began),
            "real time",
            f"{len(record.decisions):,} decisions",
        ),
    ]
    empty = {
        "requests answered": not record.traffic,
        "faults held": not record.faults,
        "releases": not record.releases,
    }
    return [tile for tile in found if not empty.get(tile.label)]


def sentence(record: Loop) -> str:
    """Tell the year in one or two sentences."""
    rows = sum(month.rows for month in record.months)
    asked = sum(found.kind == "retrain" for found in record.decisions)
    endings = [span.ending for span in record.releases]
    promoted, back = endings.count("promoted"), endings.count("rolled_back")
    champions = [month.champion.version for month in record.months if month.champion]
    did = [
        f"looked at {asked:,} {_plural('reason', asked)} to retrain" if asked else "",
        f"gave {promoted:,} {_plural('model', promoted)} the traffic" if promoted else "",
        f"sent {back:,} {_plural('release', back)} back" if back else "",
    ]
    did = [part for part in did if part]
    parts = [f"{rows:,} rows of {record.task} passed through the platform, month by month."]
    if did:
        parts.append(f"It {_listed(did)}.")
    if champions:
        first, last = champions[0], champions[-1]
        parts.append(
            f"{first} served from the first month to the last."
            if len(set(champions)) == 1
            else f"It began with {first} and ended with {last}."
        )
    return " ".join(parts)


def served(days: Sequence[TrafficDay]) -> tuple[int, int]:
    """Return how many requests were answered and how many of them failed."""
    return sum(day.requests for day in days), sum(day.errors for day in days)


def deployments(days: Sequence[TrafficDay]) -> dict[str, str]:
    """Return the deployments by first day, each with its colour on the page.

    One that is named after a colour has that colour.
    """
    names = list(dict.fromkeys(day.deployment for day in sorted(days, key=lambda one: one.day)))
    others = cycle([colour for colour in _COLOURS if colour not in names] or _COLOURS)
    return {name: f"d-{name if name in _COLOURS else next(others)}" for name in names}


def share(part: float, whole: float) -> str:
    """Return a share in percent, with as many places as it needs to be seen."""
    if not whole or not part:
        return "0 %"
    percent = 100 * part / whole
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def duration(time: dt.timedelta) -> str:
    """Return a time as people say it."""
    seconds = round(time.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    if seconds < 7200:
        return f"{round(seconds / 60)} min"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


def number(value: bool | float | str | None) -> str:
    """Return a number as short as it can be without hiding what matters."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() or abs(value) >= 10_000 else f"{value:.4g}"
    return value


@dataclass(frozen=True)
class HeatMap:
    """A metric of all subjects over all windows, the most unusual subject first."""

    metric: str
    windows: tuple[str, ...]
    rows: tuple[tuple[str, tuple[DriftCell | None, ...]], ...]

    @property
    def relative(self) -> bool:
        """Whether its values are held against a threshold."""
        return any(cell and ratio(cell) is not None for _, cells in self.rows for cell in cells)


def heat_maps(cells: Sequence[DriftCell]) -> list[HeatMap]:
    """Return a heat map for each metric, in the order in which the record names them."""
    metrics: dict[str, dict[tuple[str, str], DriftCell]] = defaultdict(dict)
    for cell in cells:
        metrics[cell.metric][cell.subject, cell.window] = cell
    return [_heat_map(metric, found) for metric, found in metrics.items()]


def ratio(cell: DriftCell) -> float | None:
    """Return how often a value holds its threshold; from 1 on it is over it."""
    if cell.value is None or not cell.threshold or cell.threshold < 0:
        return None
    return cell.value / cell.threshold


def _heat_map(metric: str, found: dict[tuple[str, str], DriftCell]) -> HeatMap:
    windows = tuple(sorted({window for _, window in found}))
    most: dict[str, float] = defaultdict(float)
    for (subject, _), cell in found.items():
        most[subject] = max(most[subject], ratio(cell) or 0.0)
    subjects = sorted(most, key=lambda subject: (-most[subject], subject))
    rows = ((name, tuple(found.get((name, window)) for window in windows)) for name in subjects)
    return HeatMap(metric, windows, tuple(rows))


def _tally(found: Sequence[str], where: str) -> str:
    counted = {word: found.count(word) for word in sorted(set(found), key=found.index)}
    text = ", ".join(f"{count} {words(word)}" for word, count in counted.items())
    return f"{text} {where}".strip() if text else "none " + where


def _listed(parts: Sequence[str]) -> str:
    *others, last = parts
    return f"{', '.join(others)} and {last}" if others else last


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
