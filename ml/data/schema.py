"""The frozen schema of a task's tables: what never bends, and the drift that is tolerated."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = float
Kind = Literal["integer", "number", "text", "time", "boolean"]


class Frozen(BaseModel):
    """Unknown keys are mistakes, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tolerated(Frozen):
    """The tolerant part: largest shares of a window's rows that are reported and let pass."""

    nulls: Share = Field(default=0, ge=0, le=1)
    outside: Share = Field(default=0, ge=0, le=1)


class Column(Frozen):
    """The hard part of one column: its type, what it may hold, and when it is known."""

    type: Kind
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] = ()
    known: Literal["before", "after"] | None = None
    tolerate: Tolerated = Tolerated()

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        numeric = self.type in {"integer", "number"}
        if not numeric and (self.min is not None or self.max is not None):
            raise ValueError(f"min and max are for integer and number, not for {self.type}")
        if self.values and self.type != "text":
            raise ValueError(f"values is for text, not for {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        if self.tolerate.outside and not self.limited:
            raise ValueError("tolerate.outside needs min, max or values: nothing is outside else")
        return self

    @property
    def limited(self) -> bool:
        """Whether cells can be outside."""
        return bool(self.values) or self.min is not None or self.max is not None


class Table(Frozen):
    """One table: its files (names without ending), its columns, its key and how fresh it must be.

    `windows` says what a table is where files came in several windows: the rows of all, or a
    snapshot that the latest window replaces. Columns that are `ignored` may be in the files.
    """

    files: tuple[str, ...] = Field(min_length=1)
    columns: dict[str, Column]
    ignored: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    time: str | None = None
    fresh_days: float | None = None
    windows: Literal["append", "latest"] = "append"

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name in (*self.key, *([self.time] if self.time else [])):
            if name not in self.columns:
                raise ValueError(f"{name} is used as key or time but is no column")
        for name in self.key:
            if self.columns[name].tolerate.nulls:
                raise ValueError(f"{name} is part of the key: it cannot tolerate empty cells")
        both = set(self.ignored) & set(self.columns)
        if both:
            raise ValueError(f"{', '.join(sorted(both))}: both a column and ignored")
        if self.time and self.columns[self.time].type != "time":
            raise ValueError(f"{self.time} is the table's time but its type is not time")
        if self.fresh_days is not None and not self.time:
            raise ValueError("fresh_days needs `time`, the column that says when a row happened")
        return self


class Schema(Frozen):
    """All tables of a task; `missing` is how an empty cell is written in text files."""

    missing: str = ""
    tables: dict[str, Table]
