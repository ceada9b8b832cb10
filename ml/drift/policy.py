"""The monitor policy of a task: what counts as drift, what it may cost, and whom it wakes."""

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ml.drift import formula
from ml.drift.bins import Stored
from ml.drift.formula import Formula
from ml.drift.layout import Block, Layout
from ml.drift.performance import Metric
from ml.errors import TaskError

TASKS = Path(__file__).parent.parent / "tasks"
FILE = "monitor.yaml"
Share = float


class Action(StrEnum):
    """What an alarm does: wake somebody, or stand in the report."""

    PAGE = "page"
    NOTE = "note"


class Family(StrEnum):
    """Tests that share one part of the false alarms: each family has as much as the others."""

    OUTCOMES = "pages about outcomes"
    DATA = "pages about data"
    NOTES = "notes"


class Minimum(Stored):
    """Below this a window says nothing."""

    days: int = Field(default=7, ge=1)
    rows: int = Field(default=1_000, ge=1)
    labelled: Share = Field(default=0.8, ge=0, le=1)


class Drift(Stored):
    """Smallest index of a column that matters, and the estimated loss at which it pages."""

    psi: float = Field(default=0.2, gt=0)
    action: Action = Action.NOTE
    page_at_loss: float | None = Field(default=None, gt=0)


class Rise(Stored):
    """Smallest rise of a rate that matters."""

    by: Share = Field(gt=0, le=1)
    action: Action = Action.PAGE


class Quality(Stored):
    """Rates of cells that are empty, new or far outside."""

    nulls: Rise = Rise(by=0.05)
    unseen: Rise = Rise(by=0.01)
    outliers: Rise = Rise(by=0.01, action=Action.NOTE)


class Worse(Stored):
    """Smallest loss of a metric that matters."""

    metric: Metric
    by: float = Field(gt=0)
    action: Action = Action.PAGE


class Estimated(Stored):
    """The same without labels; an estimate that assumes the old concept never wakes anybody."""

    metric: str
    by: float = Field(gt=0)


class Cost(Stored):
    """A business cost of each prediction as a formula of label and score."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    formula: str
    unit: str
    by: float = Field(gt=0)
    action: Action = Action.PAGE

    @field_validator("formula")
    @classmethod
    def _is_arithmetic(cls, text: str) -> str:
        formula.parse(text)
        return text


class Concept(Stored):
    """Smallest mean difference of the rate of positives given the score that matters."""

    by: Share = Field(default=0.05, gt=0, le=1)
    action: Action = Action.NOTE


class Segments(Stored):
    """Columns whose categories are watched apart."""

    by: tuple[str, ...] = Field(min_length=1)
    rows: int = Field(default=500, ge=1)
    action: Action = Action.NOTE


class Season(Stored):
    """The days long ago that a window is also held against, such as the same weeks last year."""

    days_before: int = Field(ge=7)

    def of(self, first: date, last: date) -> tuple[date, date]:
        """Return the first and the last day that were like those of a window."""
        back = timedelta(days=self.days_before)
        return first - back, last - back


class Policy(Stored):
    """One task's policy; alarms of all columns, metrics and looks share the stated rate."""

    task: str
    score: str
    label: str
    time: str
    day_starts: int = Field(default=0, ge=0, le=23)
    window_days: int = Field(ge=1, le=366)
    checks_per_month: float = Field(gt=0, le=31)
    false_alarms_per_month: float = Field(gt=0, lt=1)
    minimum: Minimum = Minimum()
    drift: Drift = Drift()
    prediction: Drift = Drift(psi=0.1)
    columns: dict[str, Drift] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    quality: Quality = Quality()
    performance: tuple[Worse, ...] = ()
    estimated: tuple[Estimated, ...] = ()
    costs: tuple[Cost, ...] = ()
    concept: Concept = Concept()
    segments: Segments | None = None
    season: Season | None = None

    @model_validator(mode="after")
    def _names_are_clear(self) -> Self:
        names = [rule.metric.value for rule in self.performance]
        names += [cost.name for cost in self.costs]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"performance and costs have two rules for {', '.join(twice)}")
        known = {*map(str, Metric), *(cost.name for cost in self.costs)}
        strange = sorted({rule.metric for rule in self.estimated} - known)
        if strange:
            raise ValueError(
                f"estimated.metric {', '.join(strange)} is neither a metric nor a cost; known: "
                f"{', '.join(sorted(known))}"
            )
        both = sorted(set(self.columns) & set(self.ignore))
        if both:
            raise ValueError(f"{', '.join(both)} has a rule under columns and is under ignore")
        if self.minimum.days > self.window_days:
            raise ValueError(
                f"minimum.days is {self.minimum.days} but window_days {self.window_days}: no "
                "window would ever say anything"
            )
        return self

    @property
    def level(self) -> float:
        """The chance of a false alarm that one family may take in one look."""
        return self.false_alarms_per_month / max(self.checks_per_month, 1.0) / len(Family)

    @property
    def formulas(self) -> dict[str, Formula]:
        """The checked formulas of the costs."""
        return {cost.name: formula.parse(cost.formula) for cost in self.costs}

    def rule(self, column: str) -> Drift:
        """Return what counts as drift of a column."""
        if column == self.score:
            return self.prediction
        return self.columns.get(column, self.drift)

    def layout(self, features: tuple[str, ...], block: Block = Block.HOUR) -> Layout:
        """Return what is counted: the features that are not ignored, score and outcomes."""
        strange = sorted({*self.columns, *self.ignore} - set(features))
        if strange:
            raise TaskError(
                f"{self.task}/{FILE} has rules for {', '.join(strange)}, which are no features; "
                f"features: {', '.join(features)}"
            )
        return Layout(
            columns=tuple(name for name in features if name not in self.ignore),
            score=self.score, label=self.label, time=self.time, block=block,
            day_starts=self.day_starts, costs=self.formulas,
        )  # fmt: skip


def load(task: str | Path) -> Policy:
    """Read the policy of a task by its name below ml/tasks or by its folder."""
    folder = Path(task) if Path(task).is_dir() else TASKS / str(task)
    path = folder / FILE
    where = f"{folder.name}/{FILE}"
    if not path.is_file():
        raise TaskError(f"{folder.name} has no {FILE}; a task that is monitored needs one")
    try:
        return Policy.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise TaskError(f"{where} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise TaskError(f"{where} is wrong:\n" + "\n".join(mistakes)) from error
