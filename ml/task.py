"""A task is a folder: the frozen schema of its tables, and what makes a model of them."""

import hashlib
from pathlib import Path
from typing import Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator

from ml.data.schema import Frozen, Schema, Table
from ml.errors import TaskError

TASKS = Path(__file__).parent / "tasks"
M = TypeVar("M", bound=BaseModel)


class Data(Frozen):
    """Where the raw files come from and when the window was taken."""

    asset: str
    package: str
    folder: str
    as_of: str


class Label(Frozen):
    """The label is 1 where the column is above the value; rows without the column have no label.

    Labels that come in a table of their own are looked up there by `keys` (events column -> its).
    """

    column: str
    above: float
    table: str | None = None
    keys: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _keys_with_table(self) -> Self:
        if bool(self.table) != bool(self.keys):
            raise ValueError("give table and keys together, or neither where events have the label")
        return self


class Feature(Frozen):
    """A feature made from the events table: a column as it is, or the weekday of a date."""

    column: str | None = None
    weekday: tuple[str, str, str] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.column is None) == (self.weekday is None):
            raise ValueError("give either column or weekday")
        return self

    @property
    def sources(self) -> tuple[str, ...]:
        """The columns that the feature is made from."""
        return self.weekday or (self.column or "",)


class Join(Frozen):
    """Features looked up in another table: events column -> that table's column."""

    table: str
    keys: dict[str, str]
    features: dict[str, str]
    hours_before: int | None = None


class Split(Frozen):
    """First and last period of each part; the hold-out is later than everything that trained.

    Boosting stops on each of the last `stop_periods`; on all but the first where they are fewer.
    """

    train: tuple[str, str]
    holdout: tuple[str, str]
    stop_periods: int = Field(default=1, ge=1)


class Training(Frozen):
    """Settings of the booster. They were chosen before the hold-out was looked at.

    `device` is where trees are grown: cuda wants a cluster with GPUs and the full xgboost there.
    `blanked` is the share of cells that training leaves empty, chance decides which: where the data
    hardly ever lack a feature, a model that never saw that has learned nothing for the day it does.
    """

    seed: int
    threads: int = Field(ge=1)
    rounds: int = Field(ge=1)
    patience: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    max_leaves: int = Field(ge=2)
    min_child_weight: float = Field(ge=0)
    rare_category: int = Field(ge=1)
    blanked: float = Field(default=0.0, ge=0, lt=1)
    device: Literal["cpu", "cuda"] = "cpu"


class Range(Frozen):
    """What a sweep may choose from: some values, or all between two, even or even in their logs."""

    choice: tuple[int | float, ...] = ()
    uniform: tuple[float, float] | None = None
    log_uniform: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [pair for pair in (self.uniform, self.log_uniform) if pair]
        if len(given) + bool(self.choice) != 1:
            raise ValueError("give one of choice, uniform and log_uniform")
        if any(low >= high for low, high in given) or (self.log_uniform or (1.0,))[0] <= 0:
            raise ValueError("give the lower bound first, above 0 for log_uniform")
        return self


class Sweep(Frozen):
    """What `mlops train --sweep` tries: settings of the booster by name."""

    seed: int = 0
    concurrent: int = Field(default=2, ge=1)
    space: dict[
        Literal["learning_rate", "max_leaves", "min_child_weight"],
        Range,
    ] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole_leaves(self) -> Self:
        leaves = self.space.get("max_leaves")
        if leaves and not all(isinstance(one, int) for one in leaves.choice or (0.5,)):
            raise ValueError("max_leaves: give a choice of whole numbers")
        return self


class Evaluation(Frozen):
    """Which features the metrics are broken down by."""

    slices: tuple[str, ...] = ()


class Settings(Frozen):
    """The task's settings file; without `time` an event happens when its period starts."""

    name: str
    model: str
    data: Data
    events: str
    time: str | None = None
    period: tuple[str, ...] = Field(min_length=1, max_length=3)
    label: Label
    features: dict[str, Feature]
    joins: tuple[Join, ...] = ()
    split: Split
    training: Training
    sweep: Sweep | None = None
    evaluation: Evaluation = Evaluation()


class Task(Frozen):
    """A task that was read and found consistent."""

    schema_: Schema
    settings: Settings
    schema_digest: str
    settings_digest: str

    @property
    def events(self) -> Table:
        """The table with one row for each prediction."""
        return self.schema_.tables[self.settings.events]

    @property
    def label_table(self) -> str:
        """The name of the table that has the label."""
        return self.settings.label.table or self.settings.events

    @property
    def categories(self) -> tuple[str, ...]:
        """The features that are text."""
        tables = self.schema_.tables
        own = [
            name
            for name, feature in self.settings.features.items()
            if feature.column and self.events.columns[feature.column].type == "text"
        ]
        joined = [
            name
            for join in self.settings.joins
            for name, source in join.features.items()
            if tables[join.table].columns[source].type == "text"
        ]
        return (*own, *joined)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """All features in the order in which the model takes them."""
        joined = [name for join in self.settings.joins for name in join.features]
        return (*self.settings.features, *joined)


def load(task: str | Path) -> Task:
    """Read a task by its name below ml/tasks or by its folder."""
    folder = Path(task) if Path(task).is_dir() else TASKS / str(task)
    if not (folder / "task.yaml").is_file():
        known = ", ".join(sorted(path.parent.name for path in TASKS.glob("*/task.yaml")))
        raise TaskError(f"there is no task {str(task)!r}; known tasks: {known}, or give a folder")
    schema_text, settings_text = (_read(folder / name) for name in ("schema.yaml", "task.yaml"))
    schema = _parse(Schema, schema_text, folder / "schema.yaml")
    settings = _parse(Settings, settings_text, folder / "task.yaml")
    _check_names(schema, settings, folder / "task.yaml")
    return Task(
        schema_=schema,
        settings=settings,
        schema_digest=hashlib.sha256(schema_text.encode()).hexdigest(),
        settings_digest=hashlib.sha256(settings_text.encode()).hexdigest(),
    )


def _read(path: Path) -> str:
    if not path.is_file():
        raise TaskError(
            f"{path.parent.name} has no {path.name}; a task is schema.yaml and task.yaml"
        )
    return path.read_text(encoding="utf-8")


def _parse(model: type[M], text: str, path: Path) -> M:
    """Read YAML into a model; every mistake is named in one message."""
    where = f"{path.parent.name}/{path.name}"
    try:
        return model.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise TaskError(f"{where} is no YAML: {error}") from error
    except ValidationError as error:
        mistakes = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise TaskError(f"{where} is wrong:\n" + "\n".join(mistakes)) from error


def _check_names(schema: Schema, settings: Settings, path: Path) -> None:
    """Every name that the settings use is in the schema."""
    wrong: list[str] = []

    def want(table: str, columns: tuple[str, ...], used: str) -> None:
        if table not in schema.tables:
            wrong.append(f"  {used}: schema.yaml has no table {table}")
            return
        absent = [name for name in columns if name not in schema.tables[table].columns]
        wrong.extend(f"  {used}: table {table} has no column {name}" for name in absent)

    base, label = settings.events, settings.label
    times = (settings.time,) if settings.time else ()
    want(base, (*times, *settings.period, *label.keys), "time, period, label.keys")
    want(label.table or base, (label.column, *label.keys.values()), "label")
    wrong += _uncovered("label", schema.tables.get(label.table or ""), label.keys, timed=False)
    for name, feature in settings.features.items():
        want(base, feature.sources, f"features.{name}")
    for join in settings.joins:
        want(base, tuple(join.keys), f"joins.{join.table}.keys")
        want(join.table, (*join.keys.values(), *join.features.values()), f"joins.{join.table}")
        wrong += _uncovered(
            f"joins.{join.table}", schema.tables.get(join.table), join.keys, timed=True
        )
        if join.hours_before is not None and settings.time is None:
            wrong.append(f"  joins.{join.table}: hours_before needs `time`, the moment of an event")
    names = [*settings.features, *(name for join in settings.joins for name in join.features)]
    wrong.extend(f"  {name}: two features of this name" for name in names if names.count(name) > 1)
    wrong.extend(
        f"  evaluation.slices: {name} is no feature"
        for name in settings.evaluation.slices
        if name not in names
    )
    if wrong:
        raise TaskError(
            f"{path.parent.name}/{path.name} is wrong:\n" + "\n".join(dict.fromkeys(wrong))
        )


def _uncovered(used: str, other: Table | None, keys: dict[str, str], *, timed: bool) -> list[str]:
    """Refuse a look-up that could match several rows."""
    matched = {*keys.values(), *([other.time] if timed and other and other.time else [])}
    if other is None or (other.key and set(other.key) <= matched):
        return []
    key = ", ".join(other.key)
    return [
        f"  {used}: keys must cover the table's key {key}, or one event would match several rows"
    ]
