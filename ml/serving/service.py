"""One request from its body to its answer: read, check, predict, collect, count."""

import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from ml.serving import payload
from ml.serving.collecting import INPUTS, OUTPUTS, Collecting
from ml.serving.contract import Contract, RefusedError
from ml.serving.payload import ID, Table
from ml.serving.telemetry import Telemetry

Predict = Callable[[Mapping[str, Sequence[object]]], Iterable[object]]
CORRELATION = ("x-ms-client-request-id", "x-request-id")
SCORE, LATENCY, VERSION = "score", "latency_ms", "model_version"


@dataclass(frozen=True)
class Answer:
    """What the caller gets."""

    status: int
    body: Mapping[str, object]


@dataclass(frozen=True)
class Service:
    """A model behind its contract."""

    model: str
    version: str
    contract: Contract
    predict: Predict
    collecting: Collecting
    telemetry: Telemetry
    most_rows: int

    def answer(self, body: str | bytes, headers: Mapping[str, str]) -> Answer:
        """Score a request; one that breaks the contract is told how."""
        started = time.perf_counter()
        correlation = _correlation(headers)
        with self.telemetry.span(headers):
            try:
                table = payload.read(body, self.most_rows)
                self.contract.check(table.columns)
            except RefusedError as refusal:
                self.telemetry.count(refusal.code, _since(started))
                return Answer(refusal.status, {**refusal.as_json(), "correlation_id": correlation})
            try:
                scores = [_plain(score) for score in self.predict(table.columns)]
            except Exception:
                self.telemetry.count("Failed", _since(started))
                raise
            took = _since(started)
            self.telemetry.count("Scored", took, table.rows)
            self._collect(table, scores, took, correlation)
        return Answer(200, self._told(table, scores, correlation))

    def _told(self, table: Table, scores: list[object], correlation: str) -> dict[str, object]:
        unknown = self.contract.unknown(table.columns)
        for column, count in unknown.items():
            self.telemetry.unknown.add(count, {**self.telemetry.labels, "column": column})
        return {
            "predictions": scores,
            "model": self.model,
            VERSION: self.version,
            "correlation_id": correlation,
            **({"unknown_categories": unknown} if unknown else {}),
        }

    def _collect(self, table: Table, scores: list[object], took: float, correlation: str) -> None:
        """Collect with an id a row: the collector's own id is one for the whole request."""
        ids = table.context.get(ID) or [f"{correlation}-{row}" for row in range(table.rows)]
        beside = {**table.context, ID: ids}
        self.collecting.take(INPUTS, {**table.columns, **beside}, correlation)
        outputs: dict[str, Sequence[object]] = {
            SCORE: scores,
            VERSION: [self.version] * table.rows,
            LATENCY: [round(took, 3)] * table.rows,
            **beside,
        }
        self.collecting.take(OUTPUTS, outputs, correlation)


def _correlation(headers: Mapping[str, str]) -> str:
    given = {name.lower(): value for name, value in headers.items()}
    return next((given[name] for name in CORRELATION if given.get(name)), str(uuid.uuid4()))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1e3


def _plain(score: object) -> object:
    """Return a number of Python, which JSON takes, for one of numpy."""
    item = getattr(score, "item", None)
    return item() if callable(item) else score
