"""Training again as the loop goes: the month's event, the controller's turn, a job, a version."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from ml.errors import TaskError
from ml.loop.engine import Monitored, Retrained
from ml.loop.record import Decision, Kind
from ml.loop.serving import Serving
from ml.release.azure.blob_store import BlobDocument
from ml.retraining import policy as policies
from ml.retraining.controller import Controller, Turn
from ml.retraining.events import of_alarm
from ml.retraining.helping import Answer
from ml.retraining.machine import Answered, Finished, Release, Shadow, Train
from ml.retraining.policy import Approval
from ml.retraining.state import Decision as Step
from ml.retraining.state import Verb
from ml.retraining.windows import Periods, before, periods
from ml.workspace import RegisteredModel


@dataclass(frozen=True)
class Trained:
    """How a training ended; without a model, `why`. `refused` says that a verdict was the end."""

    model: RegisteredModel | None
    seconds: float
    why: str = ""

    @property
    def refused(self) -> bool:
        """Whether its gate judged it, and did not let it in."""
        return "the verdict is refused" in self.why


@dataclass(frozen=True)
class Asked:
    """How a shadow training ended; without an answer, `why`."""

    answer: Answer | None
    seconds: float
    why: str = ""


_KINDS: dict[Verb, Kind] = {
    Verb.SHADOW: "train",
    Verb.TRAIN: "train",
    Verb.RELEASE: "gate",
    Verb.KEEP_CHAMPION: "gate",
    Verb.FAIL: "train",
    Verb.ASK: "approval",
    Verb.APPROVE: "approval",
}


@dataclass
class Relearning:
    """The loop's retraining: one look a month is one event.

    `train` sends the pipeline under a job's name and follows it to its end; `ask` does the same
    with the one that asks whether training would help.
    """

    serving: Serving
    train: Callable[[str, Periods], Trained]
    ask: Callable[[str, Periods], Asked]
    document: BlobDocument
    approval: Approval = Approval.NONE
    seconds: float = 0.0
    trainings: int = 0
    shadows: int = 0
    endings: dict[str, str] = field(default_factory=dict)

    def first(self, day: date) -> list[Decision]:
        """Train the first champion on what was known on a day, and let it serve.

        Raises:
            TaskError: its gate does not let it in.
        """
        window = before(day, 1)
        found = self.trained(f"first-{window}", window)
        if found.model is None:
            raise TaskError(f"the first model is not let in, so that nothing serves: {found.why}")
        deployment = self.serving.first(found.model)
        version = f"{found.model.name}:{found.model.version}"
        return [
            self._said("gate", version, "pass", "the first model, held against no champion"),
            self._said("release", deployment, "promote", "nothing served before it"),
        ]

    def act(self, month: str, found: Monitored) -> Retrained:
        """Tell the controller what the monitors said, and let it do what follows."""
        verdict = found.decision.verdict
        event = of_alarm(f"look-{month}", str(verdict), month, month)
        settled = self._controller.advance()  # a release that has ended since
        went = self._controller.happened(event)
        case = went.state.case(event.id)
        released = next((e for e in went.decisions if e.verb is Verb.RELEASE), None)
        return Retrained(
            tuple(self._of(step) for step in _kept([settled, went])),
            case.model if case and released else None,
        )

    def ended(self, model: str, ending: str) -> None:
        """Note how the release of a version ended; the next turn takes it in."""
        self.endings[model] = ending

    @property
    def _controller(self) -> Controller:
        return Controller(
            self.document,
            _Trainer(self),
            policies.load(self.serving.task),
            self.serving.clock.now,
            self.approval,
        )

    def trained(self, job: str, window: str) -> Trained:
        """Train before a window and let the gate judge on it, under a job's name."""
        found = self.train(job, periods(window, policies.load(self.serving.task).periods))
        self.seconds += found.seconds
        self.trainings += 1
        return found

    def asked(self, job: str, window: str) -> Asked:
        """Ask under a job's name whether training before a window would help."""
        found = self.ask(job, periods(window, policies.load(self.serving.task).periods))
        self.seconds += found.seconds
        self.shadows += 1
        return found

    def _of(self, step: Step) -> Decision:
        return Decision(
            at=step.at,
            kind=_KINDS.get(step.verb, "retrain"),
            subject=step.event,
            verdict=_WORDS.get(step.verb, str(step.verb)),
            reason=step.reason,
            numbers=dict(step.numbers),
        )

    def _said(self, kind: Kind, subject: str, verdict: str, reason: str) -> Decision:
        at = self.serving.clock.now()
        return Decision(at=at, kind=kind, subject=subject, verdict=verdict, reason=reason)


_WORDS = {Verb.RELEASE: "pass", Verb.KEEP_CHAMPION: "refused"}


@dataclass(frozen=True)
class _Trainer:
    """The controller's `Trainer`: trains here, and leaves releasing to the loop's mornings."""

    loop: Relearning

    def would_help(self, wanted: Shadow) -> Answered:
        """See `Trainer`."""
        found = self.loop.asked(wanted.job, wanted.window)
        hours, said = found.seconds / 3600, found.answer
        if said is None:
            return Answered(wanted.event, hours, None, found.why)
        return Answered(wanted.event, hours, said.outcome, said.reason, said.numbers)

    def train(self, wanted: Train) -> Finished:
        """See `Trainer`."""
        found = self.loop.trained(wanted.job, wanted.window)
        hours = found.seconds / 3600
        if found.model is None:
            return Finished(wanted.event, hours, None, found.why, failed=not found.refused)
        version = f"{found.model.name}:{found.model.version}"
        said = f"the gate let {version} in, judged on {wanted.window}"
        return Finished(wanted.event, hours, version, said)

    def release(self, wanted: Release) -> str | None:
        """See `Trainer`."""
        return self.loop.endings.get(wanted.model)


def _kept(turns: Sequence[Turn]) -> list[Step]:
    """Return what was decided; waiting is no decision."""
    return [step for turn in turns for step in turn.decisions if step.verb is not Verb.WAIT]
