"""Performance by month and traffic by day, drawn for the page."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from ml.loop import svg
from ml.loop.record import Interval, Loop, Measured, Month, TrafficDay
from ml.loop.sizes import RIGHT, SIZES, Size, month_grid, month_name
from ml.loop.story import deployments, served, share
from ml.loop.svg import Scale


def performance(months: Sequence[Month], measure: str) -> Markup:
    """Draw AUC or Brier by month: champion as a line, challengers beside it."""
    width, height, left, bottom = 540.0, 302.0, 46.0, 270.0
    measured = [month.champion is not None or month.challenger is not None for month in months]
    months = months[measured.index(True) if any(measured) else 0 :]
    step = (width - left - 16) / max(len(months), 1)
    at = {month.month: left + 10 + step * (index + 0.5) for index, month in enumerate(months)}
    values = [
        reach
        for month in months
        for found in (month.champion, month.challenger)
        if found
        for reach in _reach(found, measure)
    ]
    marks = svg.ticks(min(values, default=0.0), max(values, default=1.0))
    scale = Scale(marks[0], marks[-1], bottom, 40)
    parts = [
        part
        for value in marks
        for part in (
            svg.line(left, scale(value), width - 6, scale(value)),
            svg.text(left - 6, scale(value) + 4, f"{value:.4g}", "end"),
        )
    ]
    for month in months:
        name = month_name(dt.date.fromisoformat(f"{month.month}-01"), 3)
        parts.append(svg.text(at[month.month], bottom + 19, name, "middle"))
    parts += _changes(months, at, step)
    # Side by side, so that equal values do not hide each other; the champion lies on top.
    for role, aside in (("challenger", 3.0), ("champion", -3.0)):
        found = [
            (month.month, at[month.month] + aside, one)
            for month in months
            if (one := month.champion if role == "champion" else month.challenger)
        ]
        parts += _series(found, role, measure, scale)
    label = f"{measure} by month of champion and challenger; the numbers are in the table below."
    return svg.drawing(width, height, label, "half", *parts)


def _changes(months: Sequence[Month], at: dict[str, float], step: float) -> Iterator[Markup]:
    """Yield a line and a name wherever another champion begins."""
    before, taken = None, [float("-inf"), float("-inf")]
    for month in months:
        version = month.champion.version if month.champion else before
        if version and version != before:
            x = at[month.month] - step / 2
            row = 0 if x >= taken[0] else 1
            taken[row] = x + 8 + 6.5 * len(version)
            yield svg.line(x, 4 + 14 * row, x, 270, "change")
            yield svg.text(x + 4, 13 + 14 * row, version, kind="version")
        before = version


def _series(
    known: Sequence[tuple[str, float, Measured]], role: str, measure: str, scale: Scale
) -> Iterator[Markup]:
    places = [(x, scale(_value(found, measure))) for _, x, found in known]
    if len(places) > 1:
        yield svg.element("path", d=svg.path(places), class_=f"line {role}")
    for (name, x, found), (_, y) in zip(known, places, strict=True):
        interval = _interval(found, measure)
        told = f"{name}, {role} {found.version}: {measure} {_value(found, measure):.4f}"
        if interval:
            told += f" ({interval.low:.4f} to {interval.high:.4f})"
            yield svg.line(x, scale(interval.low), x, scale(interval.high), f"whisker {role}")
        shape = svg.SHAPES["good" if role == "champion" else "unsure"]
        yield svg.element(
            "path",
            svg.element("title", told),
            d=shape,
            class_=f"point {role}",
            transform=f"translate({x:.1f} {y:.1f})",
        )


def _value(found: Measured, measure: str) -> float:
    return found.auc if measure == "AUC" else found.brier


def _interval(found: Measured, measure: str) -> Interval | None:
    return found.auc_interval if measure == "AUC" else found.brier_interval


def _reach(found: Measured, measure: str) -> tuple[float, ...]:
    interval = _interval(found, measure)
    return (_value(found, measure), *((interval.low, interval.high) if interval else ()))


def traffics(record: Loop) -> list[Markup]:
    """Draw the requests by day, stacked by deployment, and below them those that failed."""
    return [_traffic(record, size) for size in SIZES]


def _traffic(record: Loop, size: Size) -> Markup:
    top, middle, second, bottom = 26.0, 226.0, 256.0, 326.0
    left = size.margin if size.kind == "wide" else 52.0
    scale = svg.calendar(record.first, record.last, left, size.width - RIGHT)
    days: dict[dt.date, list[TrafficDay]] = defaultdict(list)
    for found in record.traffic:
        days[found.day].append(found)
    sums = {day: served(found) for day, found in days.items()}
    parts = list(month_grid(record, size, scale, top, bottom))
    amount = _axis(
        parts, max((r for r, _ in sums.values()), default=1), (left, size), (middle, top)
    )
    parts += _areas(record, days, scale, amount)
    some = any(errors for _, errors in sums.values())
    said = "failed requests a day" if some else "no request failed"
    parts.append(svg.text(left, second - 8, said, kind="name"))
    failed = _axis(
        parts, max((e for _, e in sums.values()), default=1), (left, size), (bottom, second), 2
    )
    for day, (requests, errors) in sorted(sums.items()):
        if errors:
            who = ", ".join(f"{one.deployment} {one.errors:,}" for one in days[day] if one.errors)
            told = f"{day}: {errors:,} of {requests:,} failed ({share(errors, requests)}): {who}"
            x = scale(day.toordinal())
            width = max(scale(day.toordinal() + 1) - x, 2.0)
            parts.append(
                svg.element(
                    "rect",
                    svg.element("title", told),
                    x=x,
                    y=failed(errors),
                    width=width,
                    height=bottom - failed(errors),
                    class_="errors",
                )
            )
    requests, errors = served(record.traffic)
    label = (
        f"{requests:,} requests by day and deployment, {errors:,} of which failed; "
        "the sums by month are in the table below."
    )
    return svg.drawing(size.width, bottom + 4, label, size.kind, *parts)


def _axis(
    parts: list[Markup],
    most: float,
    across: tuple[float, Size],
    along: tuple[float, float],
    wanted: int = 4,
) -> Scale:
    """Add the lines and numbers of an axis that begins at 0; return its scale."""
    (left, size), (begin, end) = across, along
    marks = svg.ticks(0, max(most, 1), wanted)
    scale = Scale(0, marks[-1], begin, end)
    for value in marks:
        parts.append(svg.line(left, scale(value), size.width - RIGHT, scale(value)))
        name = f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
        parts.append(svg.text(left - 6, scale(value) + 4, name, "end"))
    return scale


def _areas(
    record: Loop, days: dict[dt.date, list[TrafficDay]], scale: Scale, amount: Scale
) -> Iterator[Markup]:
    """Yield an area of steps for each deployment, on top of those before it."""
    whole = [
        record.first + dt.timedelta(days=number)
        for number in range((record.last - record.first).days + 1)
    ]
    floor = dict.fromkeys(whole, 0)
    for name, kind in deployments(record.traffic).items():
        mine = {
            day: sum(one.requests for one in days.get(day, ()) if one.deployment == name)
            for day in whole
        }
        for begin, end in _stretches(whole, mine):
            stretch = whole[begin:end]
            upper, lower = [], []
            for day in stretch:
                x, to = scale(day.toordinal()), scale(day.toordinal() + 1)
                high, low = amount(floor[day] + mine[day]), amount(floor[day])
                upper += [(x, high), (to, high)]
                lower += [(x, low), (to, low)]
            requests = sum(mine[day] for day in stretch)
            told = f"{name}, {stretch[0]} to {stretch[-1]}: {requests:,} requests"
            yield svg.element(
                "path",
                svg.element("title", told),
                d=svg.path([*upper, *reversed(lower)], close=True),
                class_=f"area {kind}",
            )
        floor = {day: floor[day] + mine[day] for day in whole}


def _stretches(days: Sequence[dt.date], found: dict[dt.date, int]) -> Iterator[tuple[int, int]]:
    """Yield where days with requests begin and end, so that an idle deployment draws nothing."""
    begin = None
    for index, day in enumerate(days):
        if found[day] and begin is None:
            begin = index
        elif not found[day] and begin is not None:
            yield begin, index
            begin = None
    if begin is not None:
        yield begin, len(days)
