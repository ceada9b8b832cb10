"""The gate policy of a task: `gates.yaml`, validated, and known by the digest of its bytes."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ml import task as tasks
from ml.errors import TaskError

NAME = "gates.yaml"
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Reason = Annotated[str, Field(min_length=20)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Bootstrap(_Frozen):
    """How intervals are made. `block` is day, row, or the feature whose rows belong together."""

    resamples: int = Field(default=2000, ge=200, le=20_000)
    seed: int = Field(ge=0)
    level: float = Field(default=0.95, ge=0.8, lt=1)
    min_blocks: int = Field(default=7, ge=2)
    block: str = "day"
    zone: str = "UTC"


class Limit(_Frozen):
    """A measure's limit; the whole interval must be on the right side of it."""

    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("give either at_least or at_most")
        return self


class Absolute(_Frozen):
    """What any model must reach, whatever the champion does."""

    auc: Limit
    brier: Limit | None = None
    brier_skill: Limit | None = None
    log_loss: Limit | None = None

    @model_validator(mode="after")
    def _both_count(self) -> Self:
        if self.brier is None and self.brier_skill is None:
            raise ValueError(
                "auc alone says nothing of the probabilities: add brier or brier_skill"
            )
        return self


class Grouping(_Frozen):
    """Groups of rows: the values of a feature, or ranges of numbers that start at the edges."""

    feature: str
    edges: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if any(
            later <= earlier for earlier, later in zip(self.edges, self.edges[1:], strict=False)
        ):
            raise ValueError(f"edges of {self.feature} must ascend, found {self.edges}")
        return self


Undecided = Literal["hold", "pass"]
"""What becomes of a measure whose interval holds its limit: hold the model back, or let it pass as
long as nothing wrong is shown. Where an interval cannot be had at all, the model is held back."""


class Slices(_Frozen):
    """Where no regression is accepted; what is smaller than a margin is none."""

    by: tuple[Grouping, ...] = Field(min_length=1)
    min_rows: int = Field(ge=50)
    auc_margin: Positive
    brier_margin: Positive
    undecided: Undecided = "hold"


class Fairness(_Frozen):
    """Largest differences between groups in how often the model says yes at the threshold."""

    groups: tuple[Grouping, ...] = Field(min_length=1)
    threshold: Share
    min_rows: int = Field(ge=50)
    equal_opportunity: Share
    demographic_parity: Share
    undecided: Undecided = "hold"


class Calibration(_Frozen):
    """How far probabilities may be from frequencies."""

    bins: int = Field(default=10, ge=2, le=100)
    ece: Share
    slope: tuple[float, float]
    undecided: Undecided = "hold"

    @model_validator(mode="after")
    def _around_one(self) -> Self:
        if not 0 < self.slope[0] < 1 < self.slope[1]:
            raise ValueError(f"slope is {list(self.slope)}; give a range around 1")
        return self


class Change(_Frozen):
    """A change of one feature that should not matter, and how far it may move the scores."""

    feature: str
    add: float | None = None
    swap: dict[str, str] | None = None
    mean_change: Share

    @model_validator(mode="after")
    def _one_change(self) -> Self:
        if (self.add is None) == (self.swap is None):
            raise ValueError(f"{self.feature}: give either add (a number) or swap (old: new)")
        return self


class Invariance(_Frozen):
    """Changes that should not matter, tried on so many rows of the hold-out."""

    rows: int = Field(default=5000, ge=100)
    changes: tuple[Change, ...] = ()


class Missing(_Frozen):
    """What may happen when a feature is absent: the Brier score rises by at most so much.

    `always_there` are features without which there is no event, so that nobody can lack them.
    """

    rows: int = Field(default=5000, ge=100)
    brier_rise: Share
    always_there: tuple[str, ...] = ()


class Latency(_Frozen):
    """The 95th percentile of the time for one batch; the first batches warm up and do not count."""

    rows: int = Field(ge=1)
    repeats: int = Field(default=200, ge=100)
    p95_ms: Positive


class Size(_Frozen):
    """How large the model's folder may be."""

    bytes: int = Field(ge=1)


class Sandbox(_Frozen):
    """How long a fresh process may take to load the model and answer its input example."""

    seconds: Positive = 120


# Without these a verdict would say nothing about whether the model is good and can be run.
KEPT = ("absolute", "champion", "sandbox", "size")
RULES = (
    "absolute",
    "champion",
    "slices",
    "fairness",
    "calibration",
    "invariance",
    "missing",
    "latency",
    "size",
    "sandbox",
)
# Without a champion there is nothing to compare with; absolute rules decide alone.
COMPARED = frozenset({"champion", "slices"})


class Policy(_Frozen):
    """All rules of a task. What is left out is named under `waived`, with the reason."""

    valid_days: float = Field(gt=0, le=365)
    bootstrap: Bootstrap
    absolute: Absolute
    slices: Slices | None = None
    fairness: Fairness | None = None
    calibration: Calibration | None = None
    invariance: Invariance | None = None
    missing: Missing | None = None
    latency: Latency | None = None
    size: Size
    sandbox: Sandbox = Sandbox()
    waived: dict[str, Reason] = {}

    @model_validator(mode="after")
    def _nothing_forgotten(self) -> Self:
        wrong = [
            f"{name} cannot be waived; the others can: {', '.join(sorted({*RULES} - {*KEPT}))}"
            for name in self.waived
            if name in KEPT or name not in RULES
        ]
        for name in RULES:
            if name in KEPT:
                continue
            given = getattr(self, name) is not None
            if given and name in self.waived:
                wrong.append(f"{name} has settings and is waived; keep one")
            if not given and name not in self.waived:
                wrong.append(f"{name} is missing; give its settings, or waive it with a reason")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def required(self, *, champion: bool) -> tuple[str, ...]:
        """Return the rules that must have spoken, with a champion or without one."""
        absent = {*self.waived} | (set() if champion else COMPARED)
        return tuple(name for name in RULES if name not in absent)

    @property
    def features(self) -> tuple[str, ...]:
        """Every feature that the policy names."""
        groups = [
            *(self.slices.by if self.slices else ()),
            *(self.fairness.groups if self.fairness else ()),
        ]
        changes = self.invariance.changes if self.invariance else ()
        block = self.bootstrap.block
        return (
            *(group.feature for group in groups),
            *(change.feature for change in changes),
            *([block] if block not in {"day", "row"} else []),
        )


@dataclass(frozen=True)
class GatePolicy:
    """A policy that was read, with the digest of the file's bytes."""

    rules: Policy
    sha256: str


def load(task: str | Path) -> GatePolicy:
    """Read the policy of a task, by its name below ml/tasks or by its folder."""
    folder = Path(task) if Path(task).is_dir() else tasks.TASKS / str(task)
    path = folder / NAME
    if not path.is_file():
        raise TaskError(f"task {folder.name} has no {NAME}; write one, without it no gate opens")
    content = path.read_bytes()
    where = f"{folder.name}/{NAME}"
    try:
        rules = Policy.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaskError(f"{where} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise TaskError(f"{where} is wrong:\n" + "\n".join(mistakes)) from error
    known = tasks.load(folder)
    absent = sorted({*rules.features} - {*known.feature_names})
    if absent:
        raise TaskError(
            f"{where} names {', '.join(absent)}, which the task has no feature for; its features "
            f"are {', '.join(known.feature_names)}"
        )
    return GatePolicy(rules, hashlib.sha256(content).hexdigest())
