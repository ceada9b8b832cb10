"""What `mlops retrain` does: an event, an approval, or the next step of what is under way."""

from dataclasses import dataclass

from ml import task as tasks
from ml.cli import console, releases
from ml.release import starting
from ml.release.opening import utc_now
from ml.retraining import machine, opening
from ml.retraining.controller import Controller, Turn
from ml.retraining.policy import Trigger
from ml.retraining.state import Event
from ml.target import Target

LATEST = 12


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    task: str
    event: str | None
    trigger: Trigger
    window: str | None
    reason: str
    approve: str | None
    by: str


def controller(target: Target, task: str) -> Controller:
    """Return the controller of a task's retraining."""

    def start(reference: str) -> None:
        asked = releases.Wish(
            reference, target.stack or None, None, None, starting.INSTANCE, target.verdict_key, None
        )
        releases.begin(target, asked, dry_run=False)

    return opening.controller(target, task, start, console.say)


def run(target: Target, wish: Wish, *, dry_run: bool) -> Turn:
    """Take an event in, an approval, or the next step; a dry run decides and writes nothing."""
    made = controller(target, wish.task)
    settings = tasks.load(wish.task).settings
    window = wish.window or settings.split.holdout[1]
    event = None
    if wish.event:
        event = Event(id=wish.event, trigger=wish.trigger, window=window, reason=wish.reason)
    if dry_run:
        state, now = made.read(), utc_now()
        if wish.approve:
            step = machine.approved(state, wish.approve, wish.by, made.policy, now)
        elif event is not None:
            step = machine.happened(state, event, made.policy, now, approval=made.approval)
        else:
            return Turn(state, ())
        return Turn(state, (step[2],))
    if wish.approve:
        return made.approve(wish.approve, wish.by)
    return made.happened(event) if event else made.advance()


def show(turn: Turn) -> None:
    """Print the cases and what was decided now."""
    console.as_table(
        ("event", "trigger", "window", "stands", "job", "model"),
        [
            (
                case.event.id,
                str(case.event.trigger),
                case.event.window,
                str(case.phase),
                case.job or "-",
                case.model or "-",
            )
            for case in turn.state.cases[-LATEST:]
        ],
    )
    for decision in turn.decisions:
        console.out.print(f"{decision.event}: {decision.verb}: {decision.reason}", markup=False)
    if not turn.state.cases:
        console.out.print("nothing has asked for a training yet; `mlops retrain --event NAME` does")
