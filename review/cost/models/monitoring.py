"""Logs by the GB, alerts by the rule, events by the operation."""

from collections.abc import Iterator
from decimal import Decimal

from review.cost.case import ANY, Case, Service
from review.cost.lines import Line
from review.resources import NotKnownError, at, number, parts

_FREE_DAYS = 31
_DYNAMIC = "DynamicThresholdCriterion"
# Minutes between two looks, from the shortest that has a price of its own.
_FREQUENCIES = ((1, "PT1M"), (5, "PT5M"), (10, "PT10M"), (15, "PT15M"))
_SLOWEST = "PT15M"
_MINUTES = {"M": 1, "H": 60}


def logs(case: Case) -> Iterator[Line]:
    """What comes in, and what is kept longer than the free month."""
    sku = str(case.resource.at("sku", "name") or "PerGB2018")
    cap = case.resource.at("workspaceCapping", "dailyQuotaGb")
    capped = isinstance(cap, int | float) and cap > 0
    notes = (f"at most {cap} GB a day",) if capped else ()
    yield case.usage("logs taken in", "log-analytics", sku, "GB", notes=notes)
    days = number(case.resource.inputs, "retentionInDays", default=_FREE_DAYS)
    if days > _FREE_DAYS:
        kept = f"logs kept after {_FREE_DAYS} of {days} days"
        yield case.usage(kept, "log-analytics-retention", ANY, "GB month")


def insights(case: Case) -> Iterator[Line]:
    """Application Insights writes into a Log Analytics workspace, or is billed by itself."""
    if case.resource.inputs.get("workspaceResourceId"):
        yield case.free("application insights", "billed with its workspace's logs")
    else:
        yield case.usage("telemetry taken in", "application-insights", ANY, "GB")


def metric_alert(case: Case) -> Iterator[Line]:
    """Each criterion watches at least one series."""
    if case.resource.at("enabled") is False:
        yield case.free("metric alert, disabled")
        return
    criteria = parts(case.resource.inputs, "criteria", "allOf")
    if not criteria:
        raise NotKnownError("criteria.allOf is empty or not known")
    dynamic = sum(at(one, "criterionType") == _DYNAMIC for one in criteria)
    split = any(parts(one, "dimensions") for one in criteria)
    notes = ("more for each value that it is split by: lower bound",) if split else ()
    for sku, count in (("static", len(criteria) - dynamic), ("dynamic", dynamic)):
        if count:
            label = f"metric alert, {sku}"
            yield case.amount(label, "metric-alert", sku, low=Decimal(count), notes=notes)


def log_alert(case: Case) -> Iterator[Line]:
    """A rule by how often it looks, and more for each further series."""
    if case.resource.at("enabled") is False:
        yield case.free("log alert, disabled")
        return
    every = _step(case.resource.text("evaluationFrequency"))
    split = any(
        parts(one, "dimensions") for one in parts(case.resource.inputs, "criteria", "allOf")
    )
    notes = ("more for each value that it is split by: lower bound",) if split else ()
    yield case.amount(f"log alert, {every}", "log-alert", every, notes=notes)


def _step(frequency: str) -> str:
    """Return the billed step of an ISO duration: the longest that is not longer."""
    if frequency.startswith("P") and frequency.endswith("D"):
        return _SLOWEST
    count, unit = frequency.removeprefix("PT")[:-1], frequency[-1:]
    if not count.isdigit() or unit not in _MINUTES:
        raise NotKnownError(f"evaluationFrequency {frequency!r} is no duration")
    minutes = int(count) * _MINUTES[unit]
    fitting = [step for least, step in _FREQUENCIES if least <= minutes]
    if not fitting:
        raise NotKnownError(f"evaluationFrequency {frequency!r} is shorter than a minute")
    return fitting[-1]


def action_group(case: Case) -> Iterator[Line]:
    """Mails and calls by the piece, after some free ones."""
    yield case.usage("notifications", "notifications", ANY, "notification")


def events(case: Case) -> Iterator[Line]:
    """By the operation: arrivals, deliveries, attempts."""
    yield case.usage("events", "event-grid", "Basic", "100k operations")


SERVICE = Service(
    "Monitoring",
    {
        "operationalinsights:Workspace": logs,
        "applicationinsights:Component": insights,
        "insights:Component": insights,
        "monitor:MetricAlert": metric_alert,
        "insights:MetricAlert": metric_alert,
        "monitor:ScheduledQueryRule": log_alert,
        "insights:ScheduledQueryRule": log_alert,
        "monitor:ActionGroup": action_group,
        "insights:ActionGroup": action_group,
        "eventgrid:SystemTopic": events,
        "eventgrid:Topic": events,
    },
)
