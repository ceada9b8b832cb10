"""What `mlops retrain` does: an event, an approval, or the next step of what is under way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ml import job_outputs
from ml import task as tasks
from ml.archive import Archive
from ml.cli import asking, console, releases, training
from ml.cli.patience import patiently
from ml.cli.stack import Target
from ml.release import beginning
from ml.release.azure.blob_store import CONTAINER, BlobDocument
from ml.release.opening import Releases, utc_now
from ml.release.traffic import Traffic
from ml.retraining import machine
from ml.retraining import policy as policies
from ml.retraining.controller import Controller, Turn
from ml.retraining.helping import Answer
from ml.retraining.machine import Answered, Finished, Release, Shadow, Train
from ml.retraining.policy import Approval, Trigger
from ml.retraining.state import Event
from ml.retraining.windows import periods
from ml.steps import would_help
from ml.workspace import DIGEST, Workspace

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


@dataclass(frozen=True)
class JobTrainer:
    """The controller's `Trainer` on the platform: jobs and releases that go on without us."""

    target: Target
    task: str

    def would_help(self, wanted: Shadow) -> Answered | None:
        """Send the shadow training if it was not, and say what it found."""
        workspace = Workspace(self.target.place)
        known = workspace.job_if_there(wanted.job)
        if known is not None and not known.ended:
            return None
        asked = self._wish(wanted, wait=known is not None)
        outcome = training.ask(self.target, workspace, asked)
        if known is None:
            return None
        began = [step.created for step in workspace.steps(wanted.job)]
        hours = hours_of(known.created, began, utc_now())
        if outcome.why:
            return Answered(wanted.event, hours, None, outcome.why)
        found = answer_of(workspace, wanted.job)
        return Answered(wanted.event, hours, found.outcome, found.reason, found.numbers)

    def train(self, wanted: Train) -> Finished | None:
        """Send the training if it was not, and say how it ended."""
        workspace = Workspace(self.target.place)
        known = workspace.job_if_there(wanted.job)
        if known is not None and not known.ended:
            return None
        asked = self._wish(wanted, wait=known is not None)
        outcome = training.train(self.target, workspace, asked)
        if known is None:
            return None
        began = [step.created for step in workspace.steps(wanted.job)]
        failed = outcome.model is None and "the verdict is refused" not in outcome.why
        hours = hours_of(known.created, [] if failed else began, utc_now())
        if outcome.model is None:
            return Finished(wanted.event, hours, None, outcome.why, failed=failed)
        version = f"{outcome.model.name}:{outcome.model.version}"
        said = f"the gate let {version} in, judged on {wanted.window}"
        return Finished(wanted.event, hours, version, said)

    def release(self, wanted: Release) -> str | None:
        """Begin the release if it was not, where nobody has to agree, and say how it ended."""
        workspace = Workspace(self.target.place)
        model = Archive(workspace).model(wanted.model)
        name = beginning.deployment_of(model, model.tags[DIGEST])
        rooms = Releases(workspace, self.task, self.target.endpoint(self.task))
        # Released by whomever, and whatever was released since: once is enough.
        state = patiently(lambda: rooms.store.of_challenger(name))
        if state is not None:
            return None if state.active else str(state.ending)
        if patiently(rooms.endpoint.read).traffic == Traffic.all_to(name):
            return "it serves, as the first model there"
        if self.target.approval == Approval.REQUIRED:
            command = f"mlops release {wanted.model} --approved-by NAME"
            console.err.print(f"{wanted.model} passed and waits for somebody: `{command}`")
            return None
        asked = releases.Wish(
            wanted.model, None, None, None, releases.INSTANCE, self.target.verdict_key, None
        )
        releases.begin(self.target, asked, dry_run=False)
        return None

    def _wish(self, wanted: Shadow | Train, *, wait: bool) -> asking.Wish:
        asked = periods(wanted.window, policies.load(self.task).periods)
        return asking.Wish(self.task, None, None, wait=wait, periods=asked, job=wanted.job)


def answer_of(workspace: Workspace, job: str) -> Answer:
    """Read what a shadow training found.

    Raises:
        PlatformError: the job wrote no answer.
    """
    text = job_outputs.texts(workspace, job, would_help.OUTPUT, would_help.ANSWER)
    return Answer.model_validate_json(text[would_help.ANSWER])


def hours_of(sent: str, began: Sequence[str], now: datetime) -> float:
    """Return how long a job took, as far as jobs tell: until the last of its steps began.

    That step is a verdict or a registration, of seconds. Without steps it is until now, never less
    than what was computed.
    """
    known = [datetime.fromisoformat(each) for each in began if each]
    return max((max(known, default=now) - datetime.fromisoformat(sent)).total_seconds(), 0) / 3600


def controller(target: Target, task: str) -> Controller:
    """Return the controller of a task's retraining."""
    rooms = Releases(Workspace(target.place), task, target.endpoint(task))
    return Controller(
        BlobDocument(rooms.container(CONTAINER), f"retraining-{task}", f"the retraining of {task}"),
        JobTrainer(target, task),
        policies.load(task),
        utc_now,
        Approval(target.approval),
    )


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
