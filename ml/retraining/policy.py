"""The retraining policy of a task: `retrain.yaml`, validated."""

from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ml import task as tasks
from ml.errors import TaskError
from ml.release.document import Document
from ml.release.losses import LossName
from ml.release.policy import WEEK

NAME = "retrain.yaml"
MONTH = timedelta(days=30)


class Trigger(StrEnum):
    """What asks for a training."""

    DRIFT = "drift"
    PERFORMANCE = "performance"
    SCHEDULE = "schedule"
    NEW_DATA = "new_data"
    MANUAL = "manual"


LOOKS = frozenset({Trigger.DRIFT, Trigger.PERFORMANCE})  # what monitors find


class Approval(StrEnum):
    """Whether somebody must agree before anything is trained."""

    NONE = "none"
    REQUIRED = "required"


class Debounce(Document):
    """So many of the last looks must have raised an alarm, the latest among them."""

    alarms: int = Field(default=1, ge=1)
    looks: int = Field(default=1, ge=1)

    @model_validator(mode="after")
    def _can_happen(self) -> Self:
        if self.alarms > self.looks:
            raise ValueError(f"{self.alarms} alarms in {self.looks} looks can never be")
        return self


class Budget(Document):
    """The most that may be trained in any thirty days."""

    trainings: int = Field(ge=1)
    hours: float = Field(gt=0)


class Undecided(StrEnum):
    """What follows where it is not known whether training would help."""

    KEEP = "keep"
    TRAIN = "train"


class Help(Document):
    """How to ask whether training would help, before an alarm of monitors trains.

    A shadow model of the newest periods and the champion answer the same rows, and sums of days of
    the difference of their losses are compared; `alpha` is the chance of a wrong answer either way,
    and `expected_days` the number of days at which the comparison is sharpest.
    """

    loss: LossName = LossName.BRIER
    zone: str = "UTC"
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    min_days: int = Field(default=2 * WEEK, ge=WEEK)
    expected_days: int = Field(default=30, ge=WEEK)
    undecided: Undecided = Undecided.KEEP

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no time zone; give one such as Europe/Berlin") from error
        return zone


class Policy(Document):
    """When a task trains again by itself; a person's wish is neither debounced nor cooled down.

    Without `help` every alarm that may train does, and the gate alone decides.
    """

    triggers: tuple[Trigger, ...] = Field(min_length=1)
    debounce: Debounce = Debounce()
    cool_down_days: Annotated[float, Field(ge=0)] = 14
    budget: Budget
    periods: int = Field(default=2, ge=2)
    """How many periods before the newest labelled one are learned from; it judges."""
    approval: Approval = Approval.NONE
    help: Help | None = None


def load(task: str | Path) -> Policy:
    """Read the policy of a task, by its name below ml/tasks or by its folder.

    Raises:
        TaskError: there is none, or it is wrong; every mistake is named.
    """
    folder = Path(task) if Path(task).is_dir() else tasks.TASKS / str(task)
    path = folder / NAME
    if not path.is_file():
        raise TaskError(f"task {folder.name} has no {NAME}; write one to let it train by itself")
    where = f"{folder.name}/{NAME}"
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise TaskError(f"{where} is no YAML: {error}") from error
    except ValidationError as error:
        wrong = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise TaskError(f"{where} is wrong:\n" + "\n".join(wrong)) from error
