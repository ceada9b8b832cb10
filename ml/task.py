"""A task is a folder: the frozen schema of its tables, and what makes a model of them."""

import hashlib
from pathlib import Path
from typing import Literal, Self, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ml.errors import TaskError

TASKS = Path(__file__).parent / "tasks"
Share = float
M = TypeVar("M", bound=BaseModel)


class Frozen(BaseModel):
    """Unknown keys are mistakes, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(Frozen):
    """What one column may hold."""

    type: Literal["integer", "number", "text", "time", "boolean"]
    nulls: Share = Field(default=0, ge=0, le=1)
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    outliers: Share = Field(default=0, ge=0, le=1)
    known: Literal["before", "after"] | None = None

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        numeric = self.type in {"integer", "number"}
        if not numeric and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max are for integer and number, not for {self.type}")
        if self.values and self.type != "text":
            raise ValueError(f"values is for text, not for {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    @property
    def limited(self) -> bool:
        """Whether cells can be outliers."""
        return bool(self.values) or self.min is not None or self.max is not None


class Table(Frozen):
    """One table: its file (without ending), its columns, its key and how fresh it must be."""

    file: str
    columns: dict[str, Column]
    key: tuple[str, ...] = ()
    time: str | None = None
    fresh_days: float | None = None

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name in (*self.key, *([self.time] if self.time else [])):
            if name not in self.columns:
                raise ValueError(f"{name} is used as key or time but is no column")
        if self.time and self.columns[self.time].type != "time":
            raise ValueError(f"{self.time} is the table's time but its type is not time")
        if self.fresh_days is not None and not self.time:
            raise ValueError("fresh_days needs `time`, the column that says when a row happened")
        return self


class Schema(Frozen):
    """All tables of a task; `missing` is how an empty cell is written in the files."""

    missing: str = ""
    tables: dict[str, Table]


class Data(Frozen):
    """Where the raw files come from and when the window was taken."""

    asset: str
    package: str
    folder: str
    as_of: str


class Label(Frozen):
    """The label is 1 where the column is above the value; rows without the column have no label."""

    column: str
    above: float


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
    """First and last period of each part; the hold-out is later than everything that trained."""

    train: tuple[str, str]
    holdout: tuple[str, str]
    stop_periods: int = Field(default=1, ge=1)


class Training(Frozen):
    """Settings of the booster. They were chosen before the hold-out was looked at."""

    seed: int
    threads: int = Field(ge=1)
    rounds: int = Field(ge=1)
    patience: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    max_leaves: int = Field(ge=2)
    min_child_weight: float = Field(ge=0)
    rare_category: int = Field(ge=1)


class Evaluation(Frozen):
    """Which features the metrics are broken down by."""

    slices: tuple[str, ...] = ()


class Settings(Frozen):
    """The task's settings file."""

    name: str
    model: str
    data: Data
    events: str
    time: str
    period: tuple[str, ...]
    label: Label
    features: dict[str, Feature]
    joins: tuple[Join, ...] = ()
    split: Split
    training: Training
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

    base = settings.events
    want(base, (settings.time, *settings.period, settings.label.column), "time, period, label")
    for name, feature in settings.features.items():
        want(base, feature.sources, f"features.{name}")
    for join in settings.joins:
        want(base, tuple(join.keys), f"joins.{join.table}.keys")
        want(join.table, (*join.keys.values(), *join.features.values()), f"joins.{join.table}")
        other = schema.tables.get(join.table)
        matched = {*join.keys.values(), *([other.time] if other and other.time else [])}
        if other and not (other.key and set(other.key) <= matched):
            wrong.append(
                f"  joins.{join.table}: keys must cover the table's key {', '.join(other.key)}, or "
                "one event would match several rows"
            )
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
