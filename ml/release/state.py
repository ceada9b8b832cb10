"""Where a release stands: a document that says all that is needed to go on from it."""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from ml.release.document import Document
from ml.release.errors import ReleaseError
from ml.release.policy import Policy, Shadow
from ml.release.traffic import Traffic

Word = Annotated[str, Field(min_length=1, max_length=128)]
Number = float | int | str | None


class Phase(StrEnum):
    """What a release is about."""

    PREPARING = "preparing"
    STAGE = "stage"
    WARM = "warm"
    RETIRING = "retiring"
    GOING_BACK = "going_back"
    ENDED = "ended"


class Ending(StrEnum):
    """How a release ended. Only `PROMOTED` has changed the champion."""

    PROMOTED = "promoted"
    KEPT = "kept"
    ROLLED_BACK = "rolled_back"
    TAKEN_OVER = "taken_over"


class Verb(StrEnum):
    """What a decision was."""

    BEGIN = "begin"
    WAIT = "wait"
    CONFIRM = "confirm"
    ADVANCE = "advance"
    PROMOTE = "promote"
    ROLL_BACK = "roll_back"
    KEEP_CHAMPION = "keep_champion"
    RETIRE = "retire"
    END = "end"
    TAKEN_OVER = "taken_over"


class Decision(Document):
    """A decision with its numbers and its reason."""

    at: AwareDatetime
    release: str
    turn: int
    during: str
    verb: Verb
    reason: str
    numbers: dict[str, Number] = Field(default_factory=dict)
    evidence: str | None = None


class Request(Document):
    """What is asked for: that a challenger takes an endpoint over from its champion."""

    release: Word
    endpoint: Word
    champion: Word
    challenger: Word

    @model_validator(mode="after")
    def _two_deployments(self) -> Self:
        if self.champion == self.challenger:
            raise ValueError(f"champion and challenger are both {self.champion}; deploy beside it")
        return self

    @property
    def deployments(self) -> frozenset[str]:
        """The two that a release moves traffic between."""
        return frozenset({self.champion, self.challenger})


class State(Document):
    """A release between two steps.

    `wanted` is set before any call is made, so that whoever comes next knows what was going on;
    `before` is what the endpoint had until then. A stage's clock starts at `confirmed`, when the
    endpoint was seen to have what is wanted. A turn is a time with one phase and one stage, and
    evidence counts in the turn that it was measured in. The policy is the one of the beginning.
    """

    version: Literal[1] = 1
    request: Request
    policy: Policy
    phase: Phase
    turn: int = 0
    stage: int = 0
    wanted: Traffic
    before: Traffic
    since: AwareDatetime
    confirmed: AwareDatetime | None = None
    measured: AwareDatetime | None = None
    ending: Ending | None = None
    history: tuple[Decision, ...] = ()

    @model_validator(mode="after")
    def _one_meaning(self) -> Self:
        known = {self.request.champion, self.request.challenger}
        if strange := sorted(self.wanted.deployments - known):
            raise ValueError(f"wanted has {', '.join(strange)}, which are not of this release")
        if self.phase is Phase.STAGE and self.stage >= len(self.policy.stages):
            raise ValueError(f"stage {self.stage} of {len(self.policy.stages)}")
        if (self.phase is Phase.ENDED or self.phase is Phase.GOING_BACK) != bool(self.ending):
            raise ValueError(f"phase {self.phase} with ending {self.ending}")
        return self

    @property
    def active(self) -> bool:
        """Whether the release still has something to do."""
        return self.phase is not Phase.ENDED

    @property
    def during(self) -> str:
        """The phase, or the stage with its share, for people."""
        if self.phase is not Phase.STAGE:
            return str(self.phase)
        stage = self.policy.stages[self.stage]
        share = stage.mirror if isinstance(stage, Shadow) else stage.share
        return f"{stage.kind} {share} %"


def read(content: str | bytes) -> State:
    """Read a state that was written as JSON."""
    try:
        return State.model_validate_json(content)
    except ValueError as error:
        raise ReleaseError(
            f"the release's state cannot be read: {error}; give the champion all traffic by hand "
            "and remove the state"
        ) from error
