"""What a minute of a deployment says of each of Azure Monitor's metrics, with its dimensions."""

import re
from collections.abc import Callable, Iterator, Mapping

from emulator.serving.minutes import Minute, quantile

Labels = tuple[tuple[str, str], ...]
Sample = tuple[Labels, float]
_QUANTILE = re.compile(r"^RequestLatency_P(\d+)$")


def of_minute(metric: str, deployment: str, minute: Minute) -> Iterator[Sample]:
    """The values of a metric in a minute; nothing for what nobody measures here."""
    base = ("deployment", deployment)
    if found := _QUANTILE.match(metric):
        value = quantile(minute.latencies, int(found[1]) / 100)
        if value is not None:
            yield (base,), value
        return
    read = _READERS.get(metric)
    if read is not None:
        for labels, value in read(minute):
            yield (base, *labels), value


def adds_up(metric: str) -> bool:
    """Whether values of several labels make one by their sum, and not by their mean."""
    return metric.endswith("PerMinute") or metric == "DeploymentCapacity"


def _mean_latency(minute: Minute) -> Iterator[Sample]:
    total = sum(minute.latencies.values())
    if total:
        yield (), minute.milliseconds / total


def _requests(minute: Minute) -> Iterator[Sample]:
    for label, count in minute.requests.items():
        status, model = label.split(" ")
        labels = (
            ("statuscode", status),
            ("statuscodeclass", f"{status[0]}xx"),
            ("modelstatuscode", model),
            ("envoy_response_code", status),
        )
        yield labels, float(count)


def _events(minute: Minute) -> Iterator[Sample]:
    for name, count in minute.events.items():
        yield (("type", name),), float(count)


def _errors(minute: Minute) -> Iterator[Sample]:
    for label, count in minute.errors.items():
        name, _, reason = label.partition(" ")
        yield (("type", name), ("reason", reason)), float(count)


def _capacity(minute: Minute) -> Iterator[Sample]:
    for instance in minute.cpu:
        yield (("instanceid", instance), ("state", "Healthy")), 1.0


def _used(kept: Mapping[str, list[float]]) -> Iterator[Sample]:
    for instance, (total, looks) in kept.items():
        if looks:
            yield (("instanceid", instance),), total / looks


_READERS: Mapping[str, Callable[[Minute], Iterator[Sample]]] = {
    "RequestLatency": _mean_latency,
    "RequestsPerMinute": _requests,
    "DataCollectionEventsPerMinute": _events,
    "DataCollectionErrorsPerMinute": _errors,
    "DeploymentCapacity": _capacity,
    "CpuUtilizationPercentage": lambda minute: _used(minute.cpu),
    "CpuMemoryUtilizationPercentage": lambda minute: _used(minute.memory),
}
