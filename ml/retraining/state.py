"""What is known of a task's retraining: each event once, with what became of it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from ml.errors import TaskError
from ml.release.document import Document
from ml.retraining.policy import Trigger

Word = Annotated[str, Field(min_length=1, max_length=200)]
Number = float | int | str | None


class Event(Document):
    """Something that asks for a training, known by its id: the same thing twice is one event.

    `alarm` says whether a look found something; quiet looks count for debouncing. `window` is the
    newest period whose labels are in.
    """

    id: Word
    trigger: Trigger
    window: Word
    alarm: bool = True
    reason: str = ""


class Phase(StrEnum):
    """Where an event stands. `SHADOW`, `TRAINING` and `RELEASING` have something under way."""

    DECLINED = "declined"
    WAITING = "waiting"
    SHADOW = "shadow"
    TRAINING = "training"
    RELEASING = "releasing"
    ENDED = "ended"


class Verb(StrEnum):
    """What was decided."""

    DECLINE = "decline"
    ASK = "ask"
    APPROVE = "approve"
    SHADOW = "shadow"
    TRAIN = "train"
    KEEP_CHAMPION = "keep_champion"
    RELEASE = "release"
    FAIL = "fail"
    END = "end"
    WAIT = "wait"


class Decision(Document):
    """A decision with its reason and its numbers."""

    at: AwareDatetime
    event: str
    verb: Verb
    reason: str
    numbers: dict[str, Number] = Field(default_factory=dict)


class Case(Document):
    """An event and what became of it; a job is named before it is sent.

    `shadow` is the one that asked whether training would help, `hours` those of all its jobs.
    """

    event: Event
    at: AwareDatetime
    phase: Phase
    shadow: str | None = None
    job: str | None = None
    began: AwareDatetime | None = None
    hours: float = Field(default=0, ge=0)
    model: str | None = None
    approved_by: str | None = None

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        if self.phase is Phase.SHADOW and (self.shadow is None or self.began is None):
            raise ValueError("a shadow training has a job and a beginning")
        if (self.phase is Phase.TRAINING) and (self.job is None or self.began is None):
            raise ValueError("a training has a job and a beginning")
        if self.phase is Phase.RELEASING and self.model is None:
            raise ValueError("a release has a model")
        return self


class State(Document):
    """All cases in the order in which their events came, and every decision."""

    version: Literal[1] = 1
    cases: tuple[Case, ...] = ()
    history: tuple[Decision, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [case.event.id for case in self.cases]
        if len(set(names)) < len(names):
            raise ValueError("an event is there twice")
        return self

    def case(self, event: str) -> Case | None:
        """Return the case of an event."""
        return next((each for each in self.cases if each.event.id == event), None)

    @property
    def under_way(self) -> Case | None:
        """The case that has something under way; there is never more than one."""
        going = (Phase.SHADOW, Phase.TRAINING, Phase.RELEASING)
        return next((each for each in self.cases if each.phase in going), None)


def read(content: str | bytes) -> State:
    """Read a state that was written as JSON.

    Raises:
        TaskError: it is none.
    """
    try:
        return State.model_validate_json(content)
    except ValueError as error:
        raise TaskError(
            f"the state of retraining cannot be read: {error}; move it away to begin anew, after "
            "looking whether a training is under way"
        ) from error
