"""The year's decisions as a drawing: a lane for each part of the loop."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from ml.loop import svg
from ml.loop.record import Decision, Loop, ReleaseSpan
from ml.loop.sizes import RIGHT, SIZES, Size, month_grid
from ml.loop.story import LANES, Tone, tone_of, words
from ml.loop.svg import Scale

_LANE, _TOP = 58.0, 26.0
# Marks that stand closer than this (in pixels) share a lane's rows.
_CLOSE, _ROWS = 11.0, (0.0, -14.0, 14.0)


def timelines(record: Loop) -> list[Markup]:
    """Draw all decisions over the year, a lane for each part of the loop."""
    return [_timeline(record, size) for size in SIZES]


def _timeline(record: Loop, size: Size) -> Markup:
    lanes = [name for name in LANES if _in_lane(record, name)] or list(LANES)[:1]
    if record.releases and "Release" not in lanes:
        lanes = [name for name in LANES if name in {*lanes, "Release"}]
    bottom = _TOP + _LANE * len(lanes)
    scale = svg.calendar(record.first, record.last, size.margin, size.width - RIGHT)
    parts = list(month_grid(record, size, scale, _TOP, bottom))
    for row, name in enumerate(lanes):
        middle = _TOP + _LANE * (row + 0.5)
        parts += [
            svg.line(0, middle + _LANE / 2, size.width, middle + _LANE / 2, "lane"),
            svg.text(0, middle + 4, name, kind="name"),
        ]
        if name == "Release":
            for span in record.releases:
                parts += _span(span, record, scale, middle)
        parts += _marks(_in_lane(record, name), scale, middle, size)
    told = f"{len(record.decisions)} decisions of {record.first} to {record.last} in "
    label = f"{told}{len(lanes)} lanes: {', '.join(lanes)}. All are in the table of decisions."
    return svg.drawing(size.width, bottom + 2, label, size.kind, *parts)


def _in_lane(record: Loop, name: str) -> list[tuple[int, Decision]]:
    kinds = LANES[name]
    return [(index, one) for index, one in enumerate(record.decisions) if one.kind in kinds]


def _marks(
    found: Sequence[tuple[int, Decision]], scale: Scale, middle: float, size: Size
) -> Iterator[Markup]:
    """Yield the marks, the quiet ones first; those that would hide each other step aside."""
    last = dict.fromkeys(_ROWS, float("-inf"))
    placed: list[tuple[Tone, Markup]] = []
    for index, decision in sorted(found, key=lambda pair: pair[1].at):
        x = min(max(scale(svg.moment(decision.at)), size.margin), size.width - RIGHT)
        row = next(
            (one for one in _ROWS if x - last[one] >= _CLOSE), min(last, key=last.__getitem__)
        )
        how = tone_of(decision)
        if how is Tone.PLAIN:
            row = 0.0
        else:
            last[row] = x
        told = (
            f"{decision.at:%d %b %Y}: {decision.kind} {decision.subject}: "
            f"{words(decision.verdict)}. {decision.reason}"
        )
        placed.append((how, svg.mark(x, middle + row, how, told, f"#d{index + 1}")))
    yield from (drawn for how, drawn in placed if how is Tone.PLAIN)
    yield from (drawn for how, drawn in placed if how is not Tone.PLAIN)


def _span(span: ReleaseSpan, record: Loop, scale: Scale, middle: float) -> Iterator[Markup]:
    """Yield a release as a bar: the taller, the more of the traffic the challenger had."""
    end = svg.moment(span.ended) if span.ended else record.last.toordinal() + 1
    begin, low, high = svg.moment(span.began), scale.low, scale.high
    left, right = (scale(min(max(at, low), high)) for at in (begin, end))
    ending = words(span.ending or "running")
    told = f"{span.release}: {span.challenger} against {span.champion}, {ending}"
    yield svg.element(
        "rect",
        svg.element("title", told),
        x=left,
        y=middle - _LANE / 2 + 5,
        width=max(right - left, 2),
        height=_LANE - 10,
        rx=3,
        class_="release",
    )
    for stage in span.stages:
        at, to = (scale(min(max(svg.moment(day), low), high)) for day in (stage.began, stage.ended))
        height = (_LANE - 10) * stage.share / 100
        yield svg.element(
            "rect",
            svg.element("title", f"{span.release}, {stage.name}: {stage.share:g} % of the traffic"),
            x=at,
            y=middle + _LANE / 2 - 5 - height,
            width=max(to - at, 1),
            height=height,
            class_="stage",
        )
