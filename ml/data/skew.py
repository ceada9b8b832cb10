"""Skew between training and serving: the same event gives the same features, rates stay alike."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import ibis
import numpy as np
import numpy.typing as npt
from ibis.expr import types as ir

from ml.data import columns
from ml.data.engine import Engine
from ml.data.report import Problem
from ml.drift.bins import Bins, CategoryBins
from ml.drift.profile import Profile
from ml.errors import TaskError
from ml.task import Task

if TYPE_CHECKING:
    from ibis.expr.types import BooleanValue, Value
    from ibis.expr.types import Table as Rows

EXAMPLES = 5
Mask = npt.NDArray[np.bool_]
CLOSE = 1e-6  # numbers of 32 bits have seven digits
TABLE = "serving"


def differences(engine: Engine, task: Task, batch: "Rows", served: "Rows") -> Iterator[Problem]:
    """Compare features by key: what was served against what the batch path makes of the event."""
    keys = [f"key_{name}" for name in task.events.key]
    absent = [name for name in (*keys, *task.feature_names) if name not in served.columns]
    if absent:
        raise TaskError(
            f"the served rows have no {', '.join(absent)}; they need the event's key as key_NAME "
            "and every feature as the model got it"
        )
    right = served.select(*keys, **{f"served_{name}": served[name] for name in task.feature_names})
    both = batch.inner_join(right, keys)
    differing = {name: _differ(both[name], both[f"served_{name}"]) for name in task.feature_names}
    counts = {name: columns.count(found).name(name) for name, found in differing.items()}
    (found,) = engine.records(both.aggregate([both.count().name("_rows"), *counts.values()]))
    compared, given = _number(found["_rows"]), _number(engine.records(_count(served))[0]["rows"])
    if compared < given or not given:
        yield Problem(
            rule="unknown event",
            table=TABLE,
            columns=tuple(task.events.key),
            rows=given - compared,
            found=f"{compared} of {given} served rows have an event of their key",
            wanted="served rows whose events are in the tables",
        )
    for name in task.feature_names:
        rows = _number(found[name])
        if rows:
            yield Problem(
                rule="skew",
                table=TABLE,
                columns=(name,),
                rows=rows,
                found=f"{rows / compared:.2%} of {compared} rows differ from the batch path",
                wanted="the same feature for the same event",
                examples=_examples(engine, both, differing[name], keys, name),
            )


def rates(
    bins: Bins,
    training: Profile,
    serving: Profile,
    *,
    nulls: float,
    outside: float,
) -> Iterator[Problem]:
    """Compare shares of empty cells, and of names and numbers that training never had.

    The limits are how much larger a share may be than in training. How alike whole distributions
    are is for `ml.drift` to say.
    """
    for name, profile in {"training": training, "serving": serving}.items():
        if profile.bins != bins.digest:
            raise TaskError(
                f"the {name} profile was counted in other cells; profile it with this reference"
            )
    for name in bins.columns:
        if name not in serving.columns:
            yield Problem(
                rule="missing feature",
                table=TABLE,
                columns=(name,),
                rows=int(serving.rows.sum()),
                found="served rows without this feature",
                wanted="every feature of the training profile",
            )
            continue
        beyond = _outside(bins, training, name)
        before, now = _shares(training, name, beyond), _shares(serving, name, beyond)
        for kind, limit in {"empty": nulls, "outside": outside}.items():
            share, usual = now[kind], before[kind]
            if share - usual > limit:
                yield Problem(
                    rule=f"more cells {kind} than in training",
                    table=TABLE,
                    columns=(name,),
                    rows=round(share * int(serving.rows.sum())),
                    found=f"{share:.2%}, in training {usual:.2%}",
                    wanted=f"at most {limit:.2%} more than in training",
                    examples=tuple(
                        f"{other!r} in {count} rows"
                        for other, count in list(serving.columns[name].unseen.items())[:EXAMPLES]
                        if kind == "outside"
                    ),
                )


def _shares(profile: Profile, name: str, outside: Mask) -> Mapping[str, float]:
    cells, rows = profile.columns[name], int(profile.rows.sum())
    return {
        "empty": int(cells.nulls.sum()) / rows,
        "outside": int(cells.total[outside].sum()) / rows,
    }


def _outside(bins: Bins, training: Profile, name: str) -> Mask:
    """Which cells hold what training never had: other names, numbers beyond its range."""
    cut, counts = bins.columns[name], training.columns[name].total
    cells = np.arange(len(counts))
    if isinstance(cut, CategoryBins):
        return cells == len(cut.names)
    filled = cells[counts > 0]
    return (cells < filled[0]) | (cells > filled[-1]) if len(filled) else cells >= 0


def _differ(mine: "Value", theirs: "Value") -> "BooleanValue":
    """Whether two cells differ; two empty ones do not."""
    one_empty = mine.isnull() != theirs.isnull()
    if isinstance(mine, ir.NumericValue) and isinstance(theirs, ir.NumericValue):
        first, second = (columns.floating(value) for value in (mine, theirs))
        size = columns.floating(ibis.greatest(first.abs(), second.abs()))
        apart = (first - second).abs() > size * CLOSE
    else:
        apart = mine != theirs
    return one_empty | apart.fill_null(ibis.literal(False))


def _examples(
    engine: Engine, both: "Rows", differ: "BooleanValue", keys: list[str], name: str
) -> tuple[str, ...]:
    shown = both.filter(differ).order_by(keys).limit(EXAMPLES)
    return tuple(
        ", ".join(f"{key.removeprefix('key_')}={row[key]}" for key in keys)
        + f": batch {row[name]}, served {row[f'served_{name}']}"
        for row in engine.records(shown.select(*keys, name, f"served_{name}"))
    )


def _count(rows: "Rows") -> "Rows":
    return rows.aggregate(rows=rows.count())


def _number(value: object) -> int:
    return int(str(value or 0))
