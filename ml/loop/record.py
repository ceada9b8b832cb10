"""The record of a replayed year: everything its report shows, as one JSON document."""

import datetime as dt
import math
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeFloat,
    NonNegativeInt,
    ValidationError,
)

from ml.errors import TaskError

NAME = "loop.json"

Kind = Literal[
    "train",
    "gate",
    "register",
    "release",
    "monitor",
    "retrain",
    "rollback",
    "fault",
    "approval",
]
FINE = "fine"


def _spelled(value: object) -> object:
    """Spell a number that JSON does not know, so that a record never loses it."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _level(value: object) -> object:
    """Take what monitoring calls fine for a level that asks for nothing."""
    return "none" if value == FINE else value


Level = Annotated[Literal["none", "note", "page", "unknown"], BeforeValidator(_level)]
Number = Annotated[bool | int | float | str | None, BeforeValidator(_spelled)]
MonthName = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Share = Annotated[float, Field(ge=0, le=100)]


class LoopError(TaskError):
    """A record cannot be read."""


class _Part(BaseModel):
    """Frozen; an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Decision(_Part):
    """One thing that was decided, at its simulated time, with the numbers it stands on."""

    at: AwareDatetime
    kind: Kind
    subject: str
    verdict: str = Field(min_length=1)
    reason: str
    numbers: dict[str, Number] = {}


class Interval(_Part):
    """A confidence interval."""

    low: FiniteFloat
    high: FiniteFloat


class Measured(_Part):
    """How good a model version was over a month's labelled rows."""

    version: str
    auc: FiniteFloat
    brier: FiniteFloat
    auc_interval: Interval | None = None
    brier_interval: Interval | None = None


class Month(_Part):
    """A month that was replayed; without both classes of labels nothing is measured."""

    month: MonthName
    rows: NonNegativeInt
    labelled: NonNegativeInt
    champion: Measured | None
    challenger: Measured | None = None


class DriftCell(_Part):
    """What a metric of a subject was in a window, beside the threshold it was held against."""

    window: str
    subject: str
    metric: str
    value: FiniteFloat | None
    threshold: FiniteFloat | None
    level: Level = "none"


class TrafficDay(_Part):
    """What a deployment answered on a simulated day."""

    day: dt.date
    deployment: str
    requests: NonNegativeInt
    errors: NonNegativeInt = 0
    p95_ms: NonNegativeFloat | None = None


class Alert(_Part):
    """What a monitor raised; `event` is the id that keeps it from acting twice."""

    at: AwareDatetime
    level: Level
    signal: str
    subject: str
    reason: str
    event: str = ""


class Stage(_Part):
    """A span of a release; `share` is the challenger's part of live traffic in percent."""

    name: str
    began: AwareDatetime
    ended: AwareDatetime
    share: Share


class ReleaseSpan(_Part):
    """A release from its first to its last stage; `ending` is none while it runs."""

    release: str
    champion: str
    challenger: str
    began: AwareDatetime
    ended: AwareDatetime | None
    ending: str | None
    stages: tuple[Stage, ...] = ()


class Cost(_Part):
    """What was used, and what it would cost where a price is known."""

    item: str
    amount: FiniteFloat
    unit: str
    note: str = ""


class Fault(_Part):
    """What was broken on purpose, and whether the loop held."""

    at: AwareDatetime
    name: str
    subject: str
    did: str
    held: bool


class Loop(_Part):
    """A replayed year."""

    title: str
    task: str
    stack: str
    began: AwareDatetime
    ended: AwareDatetime
    first: dt.date
    last: dt.date
    decisions: tuple[Decision, ...] = ()
    months: tuple[Month, ...] = ()
    drift: tuple[DriftCell, ...] = ()
    traffic: tuple[TrafficDay, ...] = ()
    alerts: tuple[Alert, ...] = ()
    releases: tuple[ReleaseSpan, ...] = ()
    costs: tuple[Cost, ...] = ()
    faults: tuple[Fault, ...] = ()


def save(record: Loop, path: Path) -> None:
    """Write a record as JSON that people can read too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(record.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Loop:
    """Read a record.

    Raises:
        LoopError: there is none, or it is wrong; every mistake is named.
    """
    try:
        return Loop.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LoopError(f"{path} does not exist; `mlops loop` writes it") from error
    except ValidationError as error:
        wrong = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise LoopError(f"{path.name} is no record of a loop:\n" + "\n".join(wrong)) from error
