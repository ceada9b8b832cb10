"""The rollout policy of a task: `rollout.yaml`, validated, and known by its digest."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ml import task as tasks
from ml.release.document import Document
from ml.release.errors import ReleaseError
from ml.release.levels import Levels
from ml.release.losses import LossName
from ml.release.traffic import MOST_MIRRORED

NAME = "rollout.yaml"
WEEK = 7
Rate = Annotated[float, Field(gt=0, lt=0.5)]
Share = Annotated[float, Field(ge=0, le=1)]
Minutes = Annotated[float, Field(gt=0)]


class Strategy(StrEnum):
    """How traffic moves once a challenger may serve."""

    CANARY = "canary"
    BLUE_GREEN = "blue_green"
    AB = "ab"


class Rates(Document):
    """How often a whole release may err, however often it is looked at.

    Refusing and being inconclusive both keep the champion, so most of the error goes to promoting.
    """

    promote: Rate = 0.05
    refuse: Rate = 0.01
    guardrails: Rate = 0.01
    ratio: Rate = 0.001


class Loss(Document):
    """A loss, and how much worse the challenger's mean may be; 0 asks that it is better."""

    name: LossName
    margin: float = Field(default=0.0, ge=0)


class Quality(Document):
    """What a challenger must show on sums of days, as requests of a day are not independent.

    `expected_days` is when the test should be sharpest.
    """

    losses: tuple[Loss, ...] = Field(min_length=1)
    zone: str = "UTC"
    min_days: int = Field(default=WEEK, ge=WEEK)
    expected_days: int = Field(default=28, ge=WEEK)
    labelled: Share = 0.8
    min_rows: int = Field(default=1, ge=1)

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no time zone; give one such as Europe/Berlin") from error
        return zone

    @model_validator(mode="after")
    def _each_loss_once(self) -> Self:
        names = [loss.name for loss in self.losses]
        if len(set(names)) < len(names):
            raise ValueError(f"losses are {', '.join(names)}; name each once")
        return self


class Errors(Document):
    """Largest rate of failed requests, and how much above the champion's it may be."""

    at_most: Rate
    rise: Annotated[float, Field(ge=0, lt=1)] | None = None


class Latency(Document):
    """Largest quantile of the latency, and by which share it may be above the champion's."""

    quantile: float = Field(default=0.95, ge=0.5, lt=1)
    at_most_ms: float = Field(gt=0)
    rise: Annotated[float, Field(ge=0)] | None = None


class Guardrails(Document):
    """What sends a release back at once; it never sends one forward.

    Below `min_requests` to the challenger a stage cannot end well. `expected_requests` is when the
    tests should be sharpest.
    """

    errors: Errors
    latency: Latency
    min_requests: int = Field(default=200, ge=1)
    expected_requests: int = Field(default=10_000, ge=1)


class Shadow(Document):
    """The challenger answers a copy of requests, and nobody sees its answers."""

    kind: Literal["shadow"]
    mirror: int = Field(ge=1, le=MOST_MIRRORED)
    decides: bool = True
    min_hours: float = Field(default=0, ge=0)
    max_days: float = Field(gt=0)


class Canary(Document):
    """The challenger answers a share of requests."""

    kind: Literal["canary"]
    share: int = Field(ge=1, le=99)
    decides: bool = False
    min_hours: float = Field(default=1, gt=0)
    max_days: float = Field(gt=0)


class Comparison(Document):
    """Champion against challenger, each entity with the same model throughout."""

    kind: Literal["ab"]
    share: int = Field(ge=1, le=99)
    decides: Literal[True] = True
    min_hours: float = Field(default=0, ge=0)
    max_days: float = Field(gt=0)


Stage = Annotated[Shadow | Canary | Comparison, Field(discriminator="kind")]


class Policy(Document):
    """All rules of a release."""

    strategy: Strategy
    rates: Rates = Rates()
    quality: Quality
    guardrails: Guardrails
    stages: tuple[Stage, ...] = Field(min_length=1)
    ready_minutes: Minutes = 60
    settle_minutes: float = Field(default=5, ge=0)
    stale_minutes: Minutes = 60
    warm_days: float = Field(ge=0)

    @model_validator(mode="after")
    def _stages_fit(self) -> Self:
        if wrong := [*self._of_strategy(), *self._of_order(), *self._of_deciding()]:
            raise ValueError("; ".join(wrong))
        return self

    def _of_strategy(self) -> Iterator[str]:
        kinds = [stage.kind for stage in self.stages]
        wanted = {Strategy.CANARY: "canary", Strategy.AB: "ab", Strategy.BLUE_GREEN: "shadow"}
        allowed = {"shadow", wanted[self.strategy]}
        if strange := sorted(set(kinds) - allowed):
            yield f"strategy {self.strategy} has no stage {', '.join(strange)}"
        if wanted[self.strategy] not in kinds:
            yield f"strategy {self.strategy} needs a stage {wanted[self.strategy]}"
        if kinds.count("ab") > 1 or kinds.count("shadow") > 1:
            yield "give at most one stage shadow and one stage ab"
        if "shadow" in kinds[1:]:
            yield "stage shadow comes first; after live traffic it shows nothing new"

    def _of_order(self) -> Iterator[str]:
        shares = [stage.share for stage in self.stages if not isinstance(stage, Shadow)]
        if any(later <= earlier for earlier, later in pairwise(shares)):
            yield f"shares are {shares}; let them rise"

    def _of_deciding(self) -> Iterator[str]:
        decided = False
        for place, stage in enumerate(self.stages):
            decided = decided or stage.decides
            if isinstance(stage, Canary) and not decided:
                yield (
                    f"stages.{place} gives {stage.share} % to a challenger that nothing has shown "
                    "to be good; set decides: true, or let a deciding stage come before"
                )
            if stage.min_hours >= stage.max_days * 24:
                yield f"stages.{place}: min_hours {stage.min_hours} is not below max_days"
            if stage.decides and not self._compares(stage):
                yield (
                    f"stages.{place} ends after {stage.max_days} days but decides on "
                    f"{self.quality.min_days} whole ones; give {self.quality.min_days + 2} or more"
                )
        if not decided:
            yield "no stage decides, so that nothing would ever be shown; set decides: true on one"

    def _compares(self, stage: Stage) -> bool:
        """Return whether a stage is long enough; its first and its last day are not whole."""
        return stage.max_days >= self.quality.min_days + 2

    @property
    def levels(self) -> Levels:
        """The levels of each comparison.

        A release passes all deciding stages and all losses, so that each may have the whole rate of
        promoting; one that fails is enough to refuse, so that all of them share that rate.
        """
        chances = sum(self._compares(stage) for stage in self.stages) * len(self.quality.losses)
        return Levels(
            promote=self.rates.promote,
            refuse=self.rates.refuse / max(chances, 1),
            expected_days=self.quality.expected_days,
            min_days=self.quality.min_days,
        )


def parse(content: str | bytes, where: str = NAME) -> Policy:
    """Read a policy; every mistake is named in one message."""
    try:
        return Policy.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ReleaseError(f"{where} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise ReleaseError(f"{where} is wrong:\n" + "\n".join(mistakes)) from error


def load(task: str | Path) -> Policy:
    """Read the policy of a task, by its name below ml/tasks or by its folder."""
    folder = Path(task) if Path(task).is_dir() else tasks.TASKS / str(task)
    path = folder / NAME
    if not path.is_file():
        raise ReleaseError(f"task {folder.name} has no {NAME}; write one to release its models")
    return parse(path.read_bytes(), f"{folder.name}/{NAME}")
