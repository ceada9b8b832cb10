"""Metrics by Azure's names, and the numbers of instances that follow from them."""

from datetime import UTC, datetime, timedelta

import pytest

from emulator.arm.errors import ArmError
from emulator.arm.store import Store
from emulator.providers.insights import autoscale as settings
from emulator.serving import metrics
from emulator.serving.autoscale import Autoscaler
from emulator.serving.endpoints import TYPE
from emulator.serving.minutes import Minutes, milliseconds, quantile, step_of

GROUP = "/subscriptions/s/resourceGroups/r/providers"
ENDPOINT = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/w/onlineEndpoints/flights"
BLUE = f"{ENDPOINT}/deployments/blue"
NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)
KEY = (ENDPOINT.lower(), "blue")
CPU = "CpuUtilizationPercentage"


@pytest.fixture
def store(tmp_path):
    found = Store(tmp_path / "state.db")
    yield found
    found.close()


def endpoint() -> dict:
    return {"id": ENDPOINT, "type": TYPE, "name": "flights", "properties": {"traffic": {}}}


def ask(minutes: Minutes, resource: dict, names: str, **more: str) -> list[dict]:
    end = NOON + timedelta(minutes=5)
    query = {
        "metricnames": names,
        "timespan": f"{NOON:%Y-%m-%dT%H:%M:%SZ}/{end:%Y-%m-%dT%H:%M:%SZ}",
        "interval": "PT1M",
        "aggregation": "average",
    } | {name.replace("filter_", "$filter"): value for name, value in more.items()}
    known = set(metrics.METRICS[resource["type"].lower()])
    asked = metrics.read(query, known, end.timestamp)
    return metrics.answer(resource, asked, minutes)["value"]


def points(series: dict, kind: str = "average") -> list[float]:
    return [point[kind] for point in series["data"] if kind in point]


@pytest.mark.parametrize("ms", [0.2, 1.0, 7.3, 250.0, 30_000.0])
def test_a_latency_is_kept_within_one_percent(ms):
    assert milliseconds(step_of(ms)) == pytest.approx(ms, rel=0.011)


def test_quantiles_are_those_of_the_requests():
    steps: dict[str, int] = {}
    for ms in range(1, 101):
        steps[str(step_of(ms))] = steps.get(str(step_of(ms)), 0) + 1
    assert quantile(steps, 0.5) == pytest.approx(50, rel=0.03)
    assert quantile(steps, 0.95) == pytest.approx(95, rel=0.03)
    assert quantile({}, 0.5) is None


def test_requests_are_split_by_what_is_asked_for(store):
    minutes = Minutes(store)
    for status, model in ((200, 200), (200, 200), (424, 500), (503, None)):
        minutes.request(KEY, NOON.timestamp() + 61, status, model, 10)
    (metric,) = ask(
        minutes,
        endpoint(),
        "RequestsPerMinute",
        filter_="deployment eq 'blue' and statusCode eq '*' and modelStatusCode eq '*'",
    )
    found = {
        tuple(label["value"] for label in series["metadatavalues"]): points(series)
        for series in metric["timeseries"]
    }
    assert found == {
        ("blue", "200", "200"): [2.0],
        ("blue", "424", "500"): [1.0],
        ("blue", "503", "0"): [1.0],
    }
    (whole,) = ask(minutes, endpoint(), "RequestsPerMinute")
    assert [points(series) for series in whole["timeseries"]] == [[4.0]]
    (failed,) = ask(minutes, endpoint(), "RequestsPerMinute", filter_="statusCodeClass eq '5xx'")
    assert [points(series) for series in failed["timeseries"]] == [[1.0]]


def test_latencies_of_two_deployments_are_not_added_up(store):
    minutes = Minutes(store)
    for name in ("blue", "green"):
        minutes.request((KEY[0], name), NOON.timestamp(), 200, 200, 10)
    (metric,) = ask(minutes, endpoint(), "RequestLatency_P95")
    assert points(metric["timeseries"][0])[0] == pytest.approx(10, rel=0.02)


def test_minutes_are_there_after_a_restart_and_go_on(store):
    first = Minutes(store)
    first.request(KEY, NOON.timestamp(), 200, 200, 10)
    first.flush()
    second = Minutes(store)
    second.request(KEY, NOON.timestamp() + 30, 200, 200, 10)
    (metric,) = ask(second, endpoint(), "RequestsPerMinute")
    assert points(metric["timeseries"][0]) == [2.0]


def test_lost_payloads_are_told_by_their_reason(store):
    minutes = Minutes(store)
    minutes.collected(KEY, NOON.timestamp(), "model_inputs", None)
    minutes.collected(KEY, NOON.timestamp(), "model_inputs", "DiskFull")
    (metric,) = ask(minutes, endpoint(), "DataCollectionErrorsPerMinute", filter_="reason eq '*'")
    (series,) = metric["timeseries"]
    assert [label["value"] for label in series["metadatavalues"]] == ["DiskFull"]


@pytest.mark.parametrize(
    ("names", "more", "told"),
    [
        ("Requests", {}, "Failed to find metric configuration for metric: Requests"),
        ("RequestLatency", {"interval": "minute"}, "not an ISO 8601 duration"),
        ("RequestLatency", {"aggregation": "median"}, "aggregation is median"),
        ("RequestLatency", {"filter_": "deployment = blue"}, "give clauses such as"),
        ("RequestLatency", {"timespan": "today"}, "give start/end"),
    ],
)
def test_a_wrong_question_is_refused_by_its_parameter(store, names, more, told):
    with pytest.raises(ArmError, match=told):
        ask(Minutes(store), endpoint(), names, **more)


def rule(direction: str, over: str, threshold: int) -> dict:
    return {
        "metricTrigger": {
            "metricName": CPU,
            "metricResourceUri": BLUE,
            "timeGrain": "PT1M",
            "timeWindow": "PT5M",
            "statistic": "Average",
            "timeAggregation": "Average",
            "operator": over,
            "threshold": threshold,
        },
        "scaleAction": {
            "direction": direction,
            "type": "ChangeCount",
            "value": "1",
            "cooldown": "PT10M",
        },
    }


@pytest.fixture
def scaled(store):
    """An autoscaler at noon with one deployment, and how its clock and load are set."""
    moment = [NOON.timestamp()]
    minutes = Minutes(store)
    store.put(
        {
            "id": BLUE,
            "type": f"{TYPE}/deployments",
            "properties": {"provisioningState": "Succeeded"},
            "sku": {"capacity": 1},
        }
    )
    store.put(
        {
            "id": f"{GROUP}/Microsoft.Insights/autoscalesettings/blue",
            "type": settings.TYPE,
            "properties": {
                "enabled": True,
                "targetResourceUri": BLUE,
                "profiles": [
                    {
                        "capacity": {"minimum": "1", "maximum": "2", "default": "1"},
                        "rules": [
                            rule("Increase", "GreaterThan", 70),
                            rule("Decrease", "LessThan", 30),
                        ],
                    }
                ],
            },
        }
    )
    scaler = Autoscaler(store, minutes, lambda: moment[0])

    def at(later: float, cpu: float) -> list[int]:
        moment[0] = NOON.timestamp() + later
        minutes.used(KEY, moment[0], "instance-1", cpu, 10)
        found = scaler.look()
        for target, count in found:
            store.put(target | {"sku": {"capacity": count}})
        return [count for _, count in found]

    return at


def test_load_adds_an_instance_up_to_the_most_and_calm_takes_it_away(scaled):
    assert scaled(0, 95) == [2]
    assert scaled(60, 95) == []  # cooling down
    assert scaled(1200, 95) == []  # two are the most
    assert scaled(1800, 5) == [1]
    assert scaled(3600, 5) == []  # one is the least


def test_nothing_measured_changes_nothing(scaled):
    assert scaled(0, 50) == []
