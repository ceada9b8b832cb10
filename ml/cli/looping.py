"""`mlops loop`: replay a year on the platform, from the first model to the last decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from ml import asking
from ml import task as tasks
from ml.cli import console, raw_data, training
from ml.errors import TaskError
from ml.loop import record, report
from ml.loop import year as years
from ml.loop.clock import ReplayClock
from ml.loop.engine import Calendar, Engine
from ml.loop.looking import Looking
from ml.loop.platform import AzurePlatform
from ml.loop.record import Cost, Decision, Loop, TrafficDay
from ml.loop.relearning import Asked, Relearning, Trained
from ml.loop.serving import Serving
from ml.retraining.jobs import answer_of
from ml.retraining.opening import document
from ml.retraining.policy import Approval
from ml.retraining.windows import Periods
from ml.target import Target
from ml.workspace import Workspace

_COLOURS = {"page": "red", "roll_back": "red", "fail": "red", "promote": "green", "pass": "green"}


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    task: str
    data: Path | None
    stack: str
    first: date
    last: date
    every: int
    spoiled: date | None
    folder: Path


def run(target: Target, wish: Wish) -> Loop:
    """Train the first model, replay the days, and write record and report."""
    began = datetime.now(UTC)
    task = tasks.load(wish.task)
    say = console.err.print
    clock = ReplayClock()
    serving = Serving(
        Workspace(target.place),
        wish.task,
        target.endpoint(wish.task),
        clock,
        live_rows=max(1, 2 // wish.every),
    )
    raw = raw_data.folder(task.settings.data, wish.data)
    say(f"reading {task.settings.data.asset}")
    year = years.read(task, raw, str(serving.zone))
    days = list(year.days(wish.first, wish.last, wish.every))
    if not days:
        raise TaskError(f"there are no events from {wish.first} to {wish.last}")
    learner = Relearning(
        serving,
        lambda job, periods: _trained(target, serving.workspace, wish, job, periods),
        lambda job, periods: _asked(target, serving.workspace, wish, job, periods),
        document(serving.releases),
        Approval(target.approval),
    )
    platform = AzurePlatform(serving, Looking(serving), learner)
    calendar = Calendar(wish.first, days[-1].day, serving.zone, spoiled=wish.spoiled)
    engine = Engine(platform, clock, calendar, _tell, _watch)
    clock.reach(years.midnight(wish.first, serving.zone))
    for decision in learner.first(wish.first):
        engine.add(decision)
    say(f"replaying {len(days)} days, {sum(map(len, days)):,} events")
    engine.run(days)
    found = Loop(
        title=f"{wish.task}, {wish.first} to {days[-1].day}",
        task=wish.task,
        stack=wish.stack,
        began=began,
        ended=datetime.now(UTC),
        first=wish.first,
        last=days[-1].day,
        decisions=tuple(engine.decisions),
        months=tuple(engine.months),
        drift=tuple(engine.drift),
        traffic=tuple(engine.traffic),
        alerts=tuple(engine.alerts),
        releases=engine.spans,
        costs=_costs(engine, learner),
        faults=tuple(engine.faults),
    )
    record.save(found, wish.folder / record.NAME)
    report.write(found, wish.folder / REPORT)
    return found


REPORT, SUNDAY = "loop.html", 6


def show(found: Loop, folder: Path) -> None:
    """Print the decisions and where the report is."""
    console.out.print(report.markdown(found.decisions), markup=False)
    console.out.print(f"report: {folder / REPORT}")


def _trained(
    target: Target, workspace: Workspace, wish: Wish, job: str, periods: Periods
) -> Trained:
    asked = asking.Wish(wish.task, wish.data, None, wait=True, periods=periods, job=job)
    outcome = training.train(target, workspace, asked)
    return Trained(outcome.model, outcome.seconds, outcome.why)


def _asked(target: Target, workspace: Workspace, wish: Wish, job: str, periods: Periods) -> Asked:
    asked = asking.Wish(wish.task, wish.data, None, wait=True, periods=periods, job=job)
    outcome = training.ask(target, workspace, asked)
    answer = None if outcome.why else answer_of(workspace, outcome.job.name)
    return Asked(answer, outcome.seconds, outcome.why)


def _costs(engine: Engine, learner: Relearning) -> tuple[Cost, ...]:
    requests = sum(each.requests for each in engine.traffic)
    return (
        Cost(item="requests", amount=requests, unit="requests"),
        Cost(
            item="training",
            amount=round(learner.seconds / 60, 1),
            unit="minutes of cluster",
            note=f"{learner.trainings} pipelines, gate and card included, and {learner.shadows} "
            "that asked whether training would help",
        ),
        Cost(item="releases", amount=len(engine.releases), unit="releases"),
    )


def _watch(day: date, traffic: Sequence[TrafficDay]) -> None:
    """Say once a week where the replay is."""
    if day.weekday() == SUNDAY:
        parts = [
            f"{each.deployment} {each.requests} requests, {each.errors} failed" for each in traffic
        ]
        console.err.print(f"{day} {'; '.join(parts)}", style="dim", markup=False)


def _tell(decision: Decision) -> None:
    colour = _COLOURS.get(decision.verdict)
    verdict = f"[{colour}]{decision.verdict}[/]" if colour else decision.verdict
    console.err.print(f"{decision.at:%Y-%m-%d} {decision.kind:<8} {verdict:<12} ", end="")
    console.err.print(f"{decision.subject}: {decision.reason}", markup=False)
