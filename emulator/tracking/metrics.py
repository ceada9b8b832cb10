"""Metrics and parameters of runs: appended once, read as latest value or whole history."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.arm.store import Store
from emulator.azureml.runs import Run
from emulator.tracking.errors import TrackingError, invalid

_KEY = re.compile(r"^[\w.\-/: ]{1,250}$")
_MOST_METRICS, _MOST_PARAMS, _MOST_TAGS, _LONGEST_PARAM = 1000, 100, 100, 6000


@dataclass(frozen=True)
class Metric:
    """One value of a metric."""

    key: str
    value: float
    timestamp: int
    step: int


class Metrics:
    """What runs logged; each call is on disk before it returns."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def log(
        self, run: Run, metrics: Iterable[dict[str, Any]], params: Iterable[dict[str, Any]]
    ) -> None:
        """Add metrics and parameters, all or none."""
        values, settings = [_metric(item) for item in metrics], [_param(item) for item in params]
        if len(values) > _MOST_METRICS or len(settings) > _MOST_PARAMS:
            msg = (
                f"A batch holds at most {_MOST_METRICS} metrics, {_MOST_PARAMS} params and"
                f" {_MOST_TAGS} tags."
            )
            raise invalid(msg)
        have = self.params(run)
        for key, value in settings:
            if have.setdefault(key, value) != value:
                msg = (
                    f"Changing param values is not allowed. Param {key!r} of run {run.name!r} was"
                    f" already logged with value {have[key]!r}; now {value!r} was given."
                )
                raise invalid(msg)
        with self.store.transaction():
            for metric in values:
                nan = math.isnan(metric.value)
                self.store.execute(
                    "INSERT OR IGNORE INTO ml_metrics (workspace, run, key, step, timestamp, value,"
                    " nan) VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        run.workspace,
                        run.name,
                        metric.key,
                        metric.step,
                        metric.timestamp,
                        0.0 if nan else metric.value,
                        nan,
                    ),
                )
            for key, value in settings:
                self.store.execute(
                    "INSERT OR IGNORE INTO ml_params (workspace, run, key, value) VALUES (?, ?,"
                    " ?, ?)",
                    (run.workspace, run.name, key, value),
                )

    def history(self, run: Run, key: str | None = None) -> list[Metric]:
        """Every value, oldest step first; of one metric or of all."""
        only = " AND key = ?" if key is not None else ""
        rows = self.store.query(
            "SELECT key, value, nan, timestamp, step FROM ml_metrics "  # noqa: S608  a constant
            f"WHERE workspace = ? AND run = ?{only} "
            "ORDER BY step, timestamp, nan, value",
            (run.workspace, run.name, *(() if key is None else (key,))),
        )
        return [Metric(row[0], math.nan if row[2] else row[1], row[3], row[4]) for row in rows]

    def latest(self, run: Run) -> dict[str, Metric]:
        """The value of each metric at its highest step."""
        return {metric.key: metric for metric in self.history(run)}

    def params(self, run: Run) -> dict[str, str]:
        rows = self.store.query(
            "SELECT key, value FROM ml_params WHERE workspace = ? AND run = ? ORDER BY key",
            (run.workspace, run.name),
        )
        return {row[0]: row[1] for row in rows}


def _metric(item: dict[str, Any]) -> Metric:
    key, raw = _key("metric", item.get("key")), item.get("value")
    try:
        value = math.nan if isinstance(raw, bool) or raw is None else float(raw)
        when, step = int(item.get("timestamp") or 0), int(item.get("step") or 0)
    except (TypeError, ValueError) as error:
        raise _not_a_number(key, raw) from error
    if isinstance(raw, bool) or raw is None:
        raise _not_a_number(key, raw)
    return Metric(key, value, when, step)


def _not_a_number(key: str, raw: object) -> TrackingError:
    msg = (
        f"Got invalid value {raw!r} for metric {key!r}; a metric is a number, its timestamp and "
        "step are integers."
    )
    return invalid(msg)


def _param(item: dict[str, Any]) -> tuple[str, str]:
    key, value = _key("param", item.get("key")), str(item.get("value", ""))
    if len(value) > _LONGEST_PARAM:
        msg = (
            f"Param {key!r} has {len(value)} characters; a param value has at most"
            f" {_LONGEST_PARAM}."
        )
        raise invalid(msg)
    return key, value


def _key(kind: str, key: object) -> str:
    if (
        not isinstance(key, str)
        or not _KEY.match(key)
        or key.startswith("/")
        or ".." in key.split("/")
    ):
        msg = (
            f"Invalid {kind} name {key!r}. Names may only contain alphanumerics, underscores (_),"
            " dashes (-), periods (.), spaces ( ), colons(:) and slashes (/), and at most 250"
            " characters."
        )
        raise invalid(msg)
    return key


def number(value: float) -> float | str:
    """A double as protobuf's JSON writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
