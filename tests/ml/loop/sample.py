"""A year that never was: plausible numbers for the tests of the report, not results."""

import datetime as dt
import random

from ml.loop.record import (
    Alert,
    Cost,
    Decision,
    DriftCell,
    Fault,
    Interval,
    Level,
    Loop,
    Measured,
    Month,
    ReleaseSpan,
    Stage,
    TrafficDay,
)

COLUMNS = [
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "visib",
    "precip",
    "pressure",
    "distance",
    "hour",
    "carrier",
    "origin",
    "dest",
    "air_time",
    "month_sin",
    "seats",
]
CHAMPION = {
    4: 0.637,
    5: 0.676,
    6: 0.668,
    7: 0.72,
    8: 0.708,
    9: 0.722,
    10: 0.654,
    11: 0.668,
    12: 0.658,
}
CHALLENGER = {
    4: 0.651,
    5: 0.737,
    6: 0.752,
    7: 0.756,
    8: 0.706,
    9: 0.702,
    10: 0.646,
    11: 0.652,
    12: 0.673,
}
BRIER = {
    4: 0.197,
    5: 0.158,
    6: 0.204,
    7: 0.195,
    8: 0.168,
    9: 0.113,
    10: 0.143,
    11: 0.135,
    12: 0.228,
}
GAIN = {
    4: 0.001,
    5: 0.002,
    6: 0.027,
    7: 0.019,
    8: -0.001,
    9: -0.006,
    10: 0.009,
    11: -0.004,
    12: 0.003,
}
PASSED = {6: "flights:3", 7: "flights:5"}


def at(month: int, day: int, hour: int = 6) -> dt.datetime:
    return dt.datetime(2013, month, day, hour, tzinfo=dt.UTC)


def around(value: float, reach: float) -> Interval:
    return Interval(low=value - reach, high=value + reach)


def version(month: int) -> str:
    return "flights:1" if month <= 6 else "flights:3" if month == 7 else "flights:5"


def year() -> Loop:
    """Return the whole year."""
    chance = random.Random(7)  # noqa: S311  a fixture, not a secret
    return Loop(
        title="A year of flights, replayed",
        task="flights",
        stack="dev",
        began=dt.datetime(2026, 11, 24, 1, 0, tzinfo=dt.UTC),
        ended=dt.datetime(2026, 11, 24, 1, 21, 14, tzinfo=dt.UTC),
        first=dt.date(2013, 1, 1),
        last=dt.date(2013, 12, 31),
        decisions=tuple(sorted(decisions(chance), key=lambda one: one.at)),
        months=tuple(months()),
        drift=tuple(drift(chance)),
        traffic=tuple(traffic(chance)),
        alerts=tuple(alerts()),
        releases=tuple(releases()),
        costs=tuple(costs()),
        faults=tuple(faults()),
    )


def months():
    for number in range(1, 13):
        champion = challenger = None
        if number in CHAMPION:
            champion = Measured(
                version=version(number),
                auc=CHAMPION[number],
                brier=BRIER[number],
                auc_interval=around(CHAMPION[number], 0.018),
                brier_interval=around(BRIER[number], 0.012),
            )
            challenger = Measured(
                version=f"flights:{number - 3 + 1}",
                auc=CHALLENGER[number],
                brier=BRIER[number] - GAIN[number],
            )
        yield Month(
            month=f"2013-{number:02d}",
            rows=27_000 + 300 * number,
            labelled=26_200 + 300 * number,
            champion=champion,
            challenger=challenger,
        )


def drift(chance: random.Random):
    for number in range(1, 13):
        summer = max(0.0, 1 - abs(number - 7.5) / 3.5)
        for index, column in enumerate(COLUMNS):
            size = (0.18 * summer if index < 3 else 0.0) + abs(chance.gauss(0.006, 0.005))
            if column == "dest" and number == 9:
                size = 0.06
            threshold = 0.024 + 0.002 * index / 10
            level: Level = "none"
            if size > threshold:
                level = "page" if size > 7 * threshold else "note"
            window = f"2013-{number:02d}"
            yield DriftCell(
                window=window,
                subject=column,
                metric="PSI",
                value=size,
                threshold=threshold,
                level=level,
            )
            yield DriftCell(
                window=window,
                subject=column,
                metric="Wasserstein",
                value=None if column in ("carrier", "origin", "dest") else size * 2.1,
                threshold=None,
            )


def traffic(chance: random.Random):
    live = "blue"
    for number in range(365):
        day = dt.date(2013, 1, 1) + dt.timedelta(days=number)
        requests = int(
            900 + 90 * (day.weekday() < 5) + 60 * (6 <= day.month <= 8) + chance.gauss(0, 25)
        )
        share = canary(day)
        other = "green" if live == "blue" else "blue"
        moved = requests * share // 100
        bad = day in (dt.date(2013, 10, 15), dt.date(2013, 10, 16))
        yield TrafficDay(
            day=day,
            deployment=live,
            requests=requests - moved,
            errors=int(chance.random() < 0.06),
            p95_ms=18 + chance.random() * 6,
        )
        if moved:
            yield TrafficDay(
                day=day,
                deployment=other,
                requests=moved,
                errors=moved * 4 // 10 if bad else 0,
                p95_ms=(140 if bad else 19) + chance.random() * 5,
            )
        if share == 100:
            live = other


def canary(day: dt.date) -> int:
    steps = {(7, 8): 10, (7, 15): 30, (7, 22): 100, (8, 8): 10, (8, 15): 30, (8, 22): 100}
    for (month, begin), share in steps.items():
        began = dt.date(2013, month, begin)
        if began <= day < began + dt.timedelta(days=1 if share == 100 else 7):
            return share
    return 10 if dt.date(2013, 10, 15) <= day <= dt.date(2013, 10, 16) else 0


def decisions(chance: random.Random):
    for week in range(52):
        day = dt.datetime(2013, 1, 7, 5, tzinfo=dt.UTC) + dt.timedelta(weeks=week)
        yield Decision(
            at=day,
            kind="monitor",
            subject="week of data",
            verdict="none",
            reason="15 columns, the scores and the labels look as they did in the reference.",
            numbers={
                "tests": 47,
                "false alarms a month": 0.05,
                "rows": 6_000 + chance.randrange(900),
            },
        )
    yield Decision(
        at=at(5, 2),
        kind="monitor",
        subject="flights:1",
        verdict="page",
        reason="April's Brier loss is 0.021 over the reference; chance explains 0.009.",
        numbers={
            "loss": 0.1965,
            "reference": 0.1755,
            "threshold": 0.0092,
            "p": 0.00004,
            "days": 30,
        },
    )
    for number in range(4, 13):
        verdict = "pass" if number in PASSED else "fail" if number == 12 else "inconclusive"
        month, day = (number + 1, 2) if number < 12 else (12, 31)
        candidate = f"flights:{number - 2}"
        yield Decision(
            at=at(month, day, 8),
            kind="retrain",
            subject=candidate,
            verdict="go" if number != 10 else "skipped",
            reason="Performance paged; shadow training says that newer months may help."
            if number != 10
            else "Cooling down: the last training was 5 days ago.",
            numbers={
                "event": f"perf-2013-{number:02d}",
                "estimated gain": GAIN[number],
                "budget left": 11,
            },
        )
        if number == 10:
            continue
        yield Decision(
            at=at(month, day, 9),
            kind="train",
            subject=candidate,
            verdict="trained",
            reason=f"Learned 2013-{number - 2:02d} and 2013-{number - 1:02d}.",
            numbers={"rows": 52_310, "seconds": 21.4},
        )
        yield Decision(
            at=at(month, day, 10),
            kind="gate",
            subject=candidate,
            verdict=verdict,
            reason={
                "pass": "AUC and Brier are better with 95 % certainty, blocked by day.",
                "fail": "The Brier loss is worse with 95 % certainty.",
                "inconclusive": "AUC is better, but the Brier interval holds 0.",
            }[verdict],
            numbers={
                "AUC gain": CHALLENGER[number] - CHAMPION[number],
                "Brier gain": GAIN[number],
                "days": 30,
                "champion": version(number),
            },
        )
        if verdict == "pass":
            yield from released(number, candidate)
    yield Decision(
        at=at(10, 15, 7),
        kind="fault",
        subject="green",
        verdict="injected",
        reason="A deployment whose scorer answers 40 % of its requests with an error.",
    )
    yield Decision(
        at=at(10, 16, 7),
        kind="rollback",
        subject="rel-3",
        verdict="rolled_back",
        reason="The error rate of green is 40.1 % against 0.0 %, beyond the guardrail.",
        numbers={"errors": 81, "requests": 202, "lower bound": 0.31, "seconds to rollback": 1.9},
    )


def released(number: int, candidate: str):
    yield Decision(
        at=at(number + 1, 3),
        kind="register",
        subject=candidate,
        verdict="registered",
        reason="The signed verdict names this model, its data, environment, code and policy.",
    )
    yield Decision(
        at=at(number + 1, 3, 12),
        kind="approval",
        subject=candidate,
        verdict="approved",
        reason="Approved by somebody else than the requester.",
    )
    for day, verdict, told in (
        (3, "begin", "shadow 50 %"),
        (8, "advance", "canary 10 %"),
        (15, "advance", "canary 30 %"),
        (22, "promote", "all traffic"),
    ):
        yield Decision(
            at=at(number + 1, day, 14),
            kind="release",
            subject=f"rel-{number - 5}",
            verdict=verdict,
            reason=f"Paired losses on day sums say not worse: {told}.",
            numbers={
                "days": 7,
                "lower": -0.002,
                "upper": 0.031,
                "margin": 0.004,
                "ratio odds": 0.098,
            },
        )


def releases():
    for index, number in enumerate((7, 8), start=1):
        steps = (
            ("shadow", 3, 8, 0),
            ("canary", 8, 15, 10),
            ("canary", 15, 22, 30),
            ("full", 22, 24, 100),
        )
        yield ReleaseSpan(
            release=f"rel-{index}",
            champion=version(number - 1),
            challenger=PASSED[number - 1],
            began=at(number, 3),
            ended=at(number, 24),
            ending="promoted",
            stages=tuple(
                Stage(name=name, began=at(number, begin), ended=at(number, end), share=share)
                for name, begin, end, share in steps
            ),
        )
    yield ReleaseSpan(
        release="rel-3",
        champion="flights:5",
        challenger="flights:5-broken",
        began=at(10, 14),
        ended=at(10, 16),
        ending="rolled_back",
        stages=(
            Stage(name="shadow", began=at(10, 14), ended=at(10, 15), share=0),
            Stage(name="canary", began=at(10, 15), ended=at(10, 16), share=10),
        ),
    )


def alerts():
    yield Alert(
        at=at(5, 2),
        level="page",
        signal="performance",
        subject="brier",
        reason="The loss of April is 0.021 over the reference; chance explains 0.009.",
        event="perf-2013-04",
    )
    for number in (6, 7, 8):
        yield Alert(
            at=at(number + 1, 1),
            level="note",
            signal="drift",
            subject="temp",
            reason="Warmer than winter; the season explains it and the estimated loss is nil.",
            event=f"drift-temp-2013-{number:02d}",
        )
    yield Alert(
        at=at(10, 16, 6),
        level="page",
        signal="errors",
        subject="green",
        reason="40.1 % of the requests of a day failed.",
        event="guard-rel-3",
    )


def costs():
    yield Cost(
        item="Training", amount=0.8, unit="node hours", note="9 trainings on Standard_D4s_v5"
    )
    yield Cost(
        item="Serving", amount=17_520.0, unit="node hours", note="two deployments in releases"
    )
    yield Cost(item="Wrong predictions", amount=41_230.0, unit="EUR", note="by the task's formula")


def faults():
    yield Fault(
        at=at(7, 8),
        name="lost reply",
        subject="traffic update",
        did="The controller asked what the endpoint has and went on.",
        held=True,
    )
    yield Fault(
        at=at(10, 15),
        name="bad deployment",
        subject="green",
        did="Rolled back after a day; the champion kept serving.",
        held=True,
    )
