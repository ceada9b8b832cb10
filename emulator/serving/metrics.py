"""Azure Monitor's metrics of online endpoints and deployments, by their own names, over REST.

https://learn.microsoft.com/azure/machine-learning/monitor-azure-machine-learning-reference
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response

from emulator.arm.behaviours import ArmRequest, arm_route
from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Resource
from emulator.providers.insights.metric_names import METRICS
from emulator.runner.durations import PlanError, seconds
from emulator.serving.endpoints import TYPE
from emulator.serving.minutes import Minutes
from emulator.serving.samples import Labels, adds_up, of_minute

Sample = tuple[Labels, int, float]
_PATH = re.compile(
    r"(?i)^(?P<resource>/subscriptions/.+/providers/microsoft\.machinelearningservices/workspaces"
    r"/[^/]+/onlineendpoints/[^/]+(?:/deployments/[^/]+)?)/providers/microsoft\.insights"
    r"/(?P<what>metrics|metricdefinitions)$"
)
_CLAUSE = re.compile(r"^\s*(?P<name>\w+)\s+eq\s+'(?P<value>[^']*)'\s*$", re.IGNORECASE)
_AGGREGATIONS = ("average", "minimum", "maximum", "total", "count")
_UNITS = {"Percentage": "Percent", "Latency": "MilliSeconds"}


@arm_route("Microsoft.Insights")
async def handle(request: ArmRequest) -> Response | None:
    """Answer for endpoints and deployments; metrics of other resources are not kept here."""
    found = _PATH.match(request.path)
    if found is None or request.method != "GET":
        return None
    resource = request.ctx.store.get(found["resource"])
    if resource is None:
        raise not_found(found["resource"])
    known = METRICS[resource["type"].lower()]
    if found["what"].lower() == "metricdefinitions":
        return JSONResponse({"value": [_definition(resource, name) for name in known]})
    serving = request.ctx.services.azureml.serving
    asked = read(request.query, set(known), serving.now)
    return JSONResponse(answer(resource, asked, serving.minutes))


@dataclass(frozen=True)
class Asked:
    """A question for metrics."""

    names: tuple[str, ...]
    start: datetime
    end: datetime
    interval: int
    aggregations: tuple[str, ...]
    # what a dimension must be; None splits by it
    filters: Mapping[str, str | None]


def read(query: Mapping[str, str], known: set[str], now: Callable[[], float]) -> Asked:
    """Read the query of a request.

    Raises:
        ArmError: 400, naming the parameter.
    """
    names = [name for name in query.get("metricnames", "").split(",") if name]
    right = {name.lower(): name for name in known}
    wrong = [name for name in names if name.lower() not in right]
    if wrong or not names:
        told = f"Failed to find metric configuration for metric: {', '.join(wrong) or 'none'}. "
        raise ArmError(400, "BadRequest", f"{told}Valid metrics: {', '.join(sorted(known))}")
    end = datetime.fromtimestamp(now(), UTC)
    start = end - timedelta(hours=1)
    if query.get("timespan"):
        first, _, last = query["timespan"].partition("/")
        try:
            start, end = (datetime.fromisoformat(one) for one in (first, last))
        except ValueError as error:
            wanted = "start/end in ISO 8601"
            told = f"timespan is {query['timespan']!r}; give {wanted}."
            raise ArmError(400, "BadRequest", told) from error
    try:
        every = seconds(query.get("interval") or "PT1M") or 60.0
    except PlanError as error:
        raise ArmError(400, "BadRequest", f"interval: {error}") from error
    kinds = tuple(
        one.strip().lower() for one in query.get("aggregation", "average").split(",") if one.strip()
    )
    unknown = [one for one in kinds if one not in _AGGREGATIONS]
    if unknown:
        told = f"aggregation is {', '.join(unknown)}; give some of {', '.join(_AGGREGATIONS)}."
        raise ArmError(400, "BadRequest", told)
    return Asked(
        names=tuple(right[name.lower()] for name in names),
        start=_aware(start),
        end=_aware(end),
        interval=max(60, int(every)),
        aggregations=kinds,
        filters=_filters(query.get("$filter", "")),
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _filters(text: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for clause in re.split(r"(?i)\s+and\s+", text) if text.strip() else ():
        match = _CLAUSE.match(clause)
        if match is None:
            told = f"$filter has {clause!r}; give clauses such as deployment eq 'blue' or eq '*'."
            raise ArmError(400, "BadRequest", told)
        found[match["name"].lower()] = None if match["value"] == "*" else match["value"].lower()
    return found


def answer(resource: Resource, asked: Asked, minutes: Minutes) -> dict[str, Any]:
    """The metrics of an endpoint or deployment as Azure Monitor shows them."""
    id_, _, deployment = resource["id"].lower().partition("/deployments/")
    # A minute belongs to the span in which it begins, so that spans side by side count it once.
    first, last = (math.ceil(moment.timestamp() / 60) for moment in (asked.start, asked.end))
    kept = [
        (name, minute, found)
        for name, minute, found in minutes.between(id_, first, last)
        if not deployment or name == deployment
    ]
    names = {name for name, *_ in kept}
    shown = _spelt(resource, names)
    value = []
    for metric in asked.names:
        samples = [
            (labels, minute, number)
            for name, minute, found in kept
            for labels, number in of_minute(metric, shown.get(name, name), found)
        ]
        value.append(_metric(resource, metric, _series(metric, samples, asked), asked))
    return {
        "cost": 0,
        "timespan": f"{_text(asked.start)}/{_text(asked.end)}",
        "interval": f"PT{asked.interval // 60}M",
        "namespace": TYPE,
        "resourceregion": resource.get("location"),
        "value": value,
    }


def _spelt(resource: Resource, names: Iterable[str]) -> dict[str, str]:
    traffic = resource["properties"].get("traffic") or {}
    return {name: next((one for one in traffic if one.lower() == name), name) for name in names}


def _series(
    metric: str, samples: Iterable[Sample], asked: Asked
) -> dict[Labels, dict[int, list[float]]]:
    """The samples by the dimensions that were asked for, and by interval.

    What is not split by is made one value a minute before anything is averaged over minutes.
    """
    found: dict[Labels, dict[int, list[float]]] = {}
    for labels, minute, number in samples:
        have = dict(labels)
        if any(v is not None and have.get(k, "").lower() != v for k, v in asked.filters.items()):
            continue
        key = tuple((name, have[name]) for name in asked.filters if name in have)
        found.setdefault(key, {}).setdefault(minute, []).append(number)
    first = int(asked.start.timestamp())
    series: dict[Labels, dict[int, list[float]]] = {}
    for key, minutes in found.items():
        points = series.setdefault(key, {})
        for minute, numbers in minutes.items():
            one = sum(numbers) / (1 if adds_up(metric) else len(numbers))
            points.setdefault(max(0, minute * 60 - first) // asked.interval, []).append(one)
    return series


def _metric(
    resource: Resource,
    metric: str,
    series: Mapping[Labels, Mapping[int, list[float]]],
    asked: Asked,
) -> dict[str, Any]:
    dimensions = METRICS[resource["type"].lower()][metric]
    spelt = {name.lower(): name for name in dimensions}
    return {
        "id": f"{resource['id']}/providers/Microsoft.Insights/metrics/{metric}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric, "localizedValue": metric},
        "displayDescription": metric,
        "unit": _unit(metric),
        "timeseries": [
            {
                "metadatavalues": [
                    {
                        "name": {"value": name, "localizedValue": spelt.get(name, name)},
                        "value": value,
                    }
                    for name, value in labels
                ],
                "data": _data(points, asked),
            }
            for labels, points in sorted(series.items())
        ],
        "errorCode": "Success",
    }


def _data(points: Mapping[int, list[float]], asked: Asked) -> list[dict[str, Any]]:
    length = max(1, -(-int((asked.end - asked.start).total_seconds()) // asked.interval))
    data = []
    for at in range(length):
        moment = asked.start + timedelta(seconds=at * asked.interval)
        point: dict[str, Any] = {"timeStamp": _text(moment)}
        if values := points.get(at):
            point |= {kind: _aggregated(kind, values) for kind in asked.aggregations}
        data.append(point)
    return data


def _aggregated(kind: str, values: list[float]) -> float:
    match kind:
        case "minimum":
            return min(values)
        case "maximum":
            return max(values)
        case "total":
            return sum(values)
        case "count":
            return float(len(values))
    return sum(values) / len(values)


def _definition(resource: Resource, name: str) -> dict[str, Any]:
    dimensions = METRICS[resource["type"].lower()][name]
    return {
        "id": f"{resource['id']}/providers/Microsoft.Insights/metricDefinitions/{name}",
        "resourceId": resource["id"],
        "namespace": resource["type"],
        "name": {"value": name, "localizedValue": name},
        "unit": _unit(name),
        "primaryAggregationType": "Average",
        "supportedAggregationTypes": [kind.capitalize() for kind in _AGGREGATIONS],
        "metricAvailabilities": [{"timeGrain": "PT1M", "retention": "P93D"}],
        "dimensions": [{"value": one, "localizedValue": one} for one in dimensions],
    }


def _unit(metric: str) -> str:
    return next((unit for word, unit in _UNITS.items() if word in metric), "Count")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
