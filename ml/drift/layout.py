"""Which column plays which part, and what a row with a label costs."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa

from ml.drift.bins import Ints
from ml.drift.distances import Floats
from ml.drift.formula import Formula
from ml.errors import TaskError
from ml.metrics import EPSILON

MICRO = 1_000_000  # losses are summed as whole millionths: sums of floats depend on the order
BRIER, LOG_LOSS = "brier", "log_loss"


class Block(StrEnum):
    """How finely a profile keeps time apart."""

    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What `profile` counts: columns, blocks of time, and outcomes where there is a label."""

    columns: tuple[str, ...]
    score: str | None = None
    label: str | None = None
    time: str | None = None
    block: Block = Block.DAY
    day_starts: int = 0  # the hour, in the time's own zone, at which a day starts
    costs: Mapping[str, Formula] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse parts that do not fit together."""
        if self.label and not self.score:
            raise ValueError(f"label {self.label} needs `score`, the column of the prediction")
        taken = {BRIER, LOG_LOSS} & set(self.costs)
        if taken:
            raise ValueError(f"cost {', '.join(taken)} has the name of a measure; choose another")

    @property
    def counted(self) -> tuple[str, ...]:
        """The columns that have cells."""
        return tuple(dict.fromkeys([*self.columns, *([self.score] if self.score else [])]))

    @property
    def losses(self) -> tuple[str, ...]:
        """The names of what is summed over rows with a label."""
        return (BRIER, LOG_LOSS, *self.costs)


def narrowed(layout: Layout) -> Layout:
    """Keep the score and the outcomes only: what is counted for a segment."""
    if not layout.score:
        raise TaskError("segments compare scores; give `score`, the column of the prediction")
    return replace(layout, columns=())


def losses(layout: Layout, label: Floats, score: Floats) -> dict[str, Ints]:
    """Return what each row loses, in millionths."""
    inside = np.clip(score, EPSILON, 1 - EPSILON)
    found = {
        BRIER: (label - score) ** 2,
        LOG_LOSS: -np.log(np.where(label > 0.5, inside, 1 - inside)),
        **{name: cost.of_arrays(label, score) for name, cost in layout.costs.items()},
    }
    return {name: np.floor(loss * MICRO + 0.5).astype(np.int64) for name, loss in found.items()}


def is_number(kind: pa.DataType) -> bool:
    """Whether a column of this type is cut into cells."""
    types = pa.types
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def is_category(kind: pa.DataType) -> bool:
    """Whether a column of this type is counted by name."""
    types = pa.types
    if types.is_dictionary(kind):
        return is_category(kind.value_type)
    return types.is_string(kind) or types.is_large_string(kind) or types.is_boolean(kind)
