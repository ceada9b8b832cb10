"""What deployments served, from Azure Monitor's metrics of their endpoint, minute by minute."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Protocol, cast

import numpy as np

from ml.release.azure.arm import Json
from ml.release.evidence import Served

VERSION = "2023-10-01"
REQUESTS = "RequestsPerMinute"
# The quantiles that Azure keeps of each minute's latencies, in milliseconds.
QUANTILES = {
    "RequestLatency_P50": 0.5,
    "RequestLatency_P90": 0.9,
    "RequestLatency_P95": 0.95,
    "RequestLatency_P99": 0.99,
}
_WINDOW = timedelta(days=1)  # a day of minutes is the most that one answer should hold
_SERVER = 500
_DEPENDENCY = 424  # the deployment answered something other than 200, which stands beside it
_CAPACITY = frozenset({408, 429})


class Asks(Protocol):
    """Whoever asks Azure Resource Manager."""

    def get(self, path: str, version: str, query: Mapping[str, str] | None = None) -> Json:
        """Return what is at a path."""
        ...


@dataclass(frozen=True)
class Metrics:
    """The metrics of one endpoint, by its id."""

    arm: Asks
    endpoint: str

    def served(self, deployment: str, since: datetime, until: datetime, slow_ms: float) -> Served:
        """Return the requests to a deployment; slow ones are estimated from minutes' quantiles.

        A minute is the least that Azure tells apart, so the one in which a time begins is counted.
        """
        since = since.replace(second=0, microsecond=0)
        requests, errors, slow = 0.0, 0.0, 0.0
        for start, end in _windows(since, until):
            by_minute: dict[str, float] = {}
            wanted = f"deployment eq '{deployment}'"
            codes = "statusCode eq '*' and modelStatusCode eq '*'"
            for _, labels, points in self._series(REQUESTS, f"{wanted} and {codes}", start, end):
                found = sum(points.values())
                requests += found
                errors += found if _failed(labels) else 0.0
                for minute, value in points.items():
                    by_minute[minute] = by_minute.get(minute, 0.0) + value
            known: dict[str, dict[float, float]] = {}
            for name, _, points in self._series(",".join(QUANTILES), wanted, start, end):
                for minute, value in points.items():
                    known.setdefault(minute, {})[QUANTILES[name]] = value
            slow += sum(
                by_minute.get(minute, 0.0) * share_above(slow_ms, latencies)
                for minute, latencies in known.items()
            )
        whole = round(requests)
        return Served(
            requests=whole, errors=min(round(errors), whole), slow=min(round(slow), whole)
        )

    def _series(
        self, names: str, wanted: str, start: datetime, end: datetime
    ) -> Iterator[tuple[str, dict[str, str], dict[str, float]]]:
        """Yield each series: its metric, its dimensions, and its value by minute."""
        answer = self.arm.get(
            f"{self.endpoint}/providers/Microsoft.Insights/metrics",
            VERSION,
            {
                "metricnames": names,
                "timespan": f"{_text(start)}/{_text(end)}",
                "interval": "PT1M",
                "aggregation": "Average",
                "$filter": wanted,
            },
        )
        for metric in cast("list[Json]", answer["value"]):
            name = str(cast("Json", metric["name"])["value"])
            for series in cast("list[Json]", metric.get("timeseries") or []):
                labels = {
                    str(cast("Json", each["name"])["value"]).lower(): str(each["value"])
                    for each in cast("list[Json]", series.get("metadatavalues") or [])
                }
                points = {
                    str(point["timeStamp"]): float(cast("float", point["average"]))
                    for point in cast("list[Json]", series.get("data") or [])
                    if point.get("average") is not None
                }
                yield name, labels, points


def share_above(limit: float, latencies: Mapping[float, float]) -> float:
    """Return which share of a minute's requests took longer, by its quantiles.

    Between two quantiles a straight line is assumed; above the highest, nothing.
    """
    if not latencies:
        return 0.0
    shares = sorted(latencies)
    values = [latencies[share] for share in shares]
    if limit >= values[-1]:
        return 0.0
    points = [(0.0, 0.0), *zip(np.maximum.accumulate(values), shares, strict=True)]
    for (low, below), (high, above) in pairwise(points):
        if limit < high:
            return 1.0 - (below + (above - below) * (limit - low) / (high - low))
    return 0.0


def _failed(labels: Mapping[str, str]) -> bool:
    """Return whether the service failed; a request that was wrong is its caller's failure."""
    status, of_model = _number(labels.get("statuscode")), _number(labels.get("modelstatuscode"))
    if status == _DEPENDENCY:
        return not 400 <= of_model < _SERVER or of_model in _CAPACITY
    return status >= _SERVER or status in _CAPACITY


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _windows(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    while since < until:
        end = min(since + _WINDOW, until)
        yield since, end
        since = end


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
