"""Evidence from collected answers, labels and metrics, as Azure keeps them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from azure.core.exceptions import ResourceNotFoundError, ServiceRequestError

from ml.collected import Columns
from ml.release import policy
from ml.release.azure.answers import Answers
from ml.release.azure.metrics import Metrics
from ml.release.azure.source import AzureSource
from ml.release.ports import UnavailableError
from ml.release.state import Phase, State
from ml.release.traffic import Traffic
from tests.ml.release.building import BLUE, BRIER, GREEN, REQUEST, observed, rules

START = datetime(2013, 7, 1, 4, tzinfo=UTC)
REAL = datetime(2026, 1, 5, 10, 30, tzinfo=UTC)
COLUMNS = Columns(time="time_hour")


@dataclass
class Container:
    """Blobs in memory; `read` counts how often each was."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    failing: Exception | None = None

    def list_blobs(self, name_starts_with):
        if self.failing:
            raise self.failing
        for name, content in self.blobs.items():
            if name.startswith(name_starts_with):
                yield SimpleNamespace(name=name, etag=str(hash(content)))

    def download_blob(self, name):
        self.read.append(name)
        if name not in self.blobs:
            raise ResourceNotFoundError(name)
        return SimpleNamespace(readall=lambda: self.blobs[name])

    def answer(self, deployment, rows, at, request="r1", name="a"):
        """Write a line of the collector: rows are (id, score, moment it is about)."""
        line = {
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "correlationid": request,
            "data": [
                {"request_id": i, "score": s, "time_hour": about, "latency_ms": 12.0}
                for i, s, about in rows
            ],
        }
        path = (
            f"modelDataCollector/flights/{deployment}/model_outputs/{at:%Y/%m/%d/%H}/{name}.jsonl"
        )
        self.blobs[path] = self.blobs.get(path, b"") + json.dumps(line).encode() + b"\n"

    def label(self, day, rows):
        lines = [json.dumps({"request_id": i, "label": y}) for i, y in rows]
        self.blobs[f"labels/flights/{day:%Y/%m/%d}/x.jsonl"] = "\n".join(lines).encode()


class Monitor:
    """Metrics of two deployments: a hundred requests each, five of the challenger's failed."""

    def __init__(self):
        self.asked = []

    def get(self, path, version, query=None):
        self.asked.append(dict(query))
        green = GREEN in query["$filter"]
        if "RequestsPerMinute" in query["metricnames"]:
            series = [_series("200", "200", 95 if green else 100)]
            if green:
                series += [
                    _series("424", "500", 3),
                    _series("503", "", 2),
                    _series("424", "422", 4),
                ]
            return {"value": [{"name": {"value": "RequestsPerMinute"}, "timeseries": series}]}
        return {
            "value": [
                {"name": {"value": name}, "timeseries": [_series("", "", value)]}
                for name, value in (("RequestLatency_P50", 20.0), ("RequestLatency_P95", 300.0))
            ]
        }


def _series(status, of_model, value):
    return {
        "metadatavalues": [
            {"name": {"value": "statusCode"}, "value": status},
            {"name": {"value": "modelStatusCode"}, "value": of_model},
        ],
        "data": [{"timeStamp": "2026-01-05T10:30:00Z", "average": value}, {"timeStamp": "x"}],
    }


def _state(stage=0, **changes) -> State:
    rollout = rules(quality={"losses": [{"name": "brier"}], "zone": "America/New_York"})
    return State(
        request=REQUEST, policy=rollout, phase=Phase.STAGE, stage=stage, turn=3,
        wanted=Traffic.all_to(BLUE), before=Traffic.all_to(BLUE), since=START, confirmed=START,
    ).model_copy(update=changes)  # fmt: skip


def _source(container, monitor=None, now=START + timedelta(days=2)):
    real = {START: REAL, now: REAL + timedelta(minutes=20)}
    return AzureSource(
        Metrics(monitor or Monitor(), "/endpoints/flights"),
        Answers(container, "flights", COLUMNS),
        lambda: now,
        lambda moment: real.get(moment, moment),
    )


def _measure(container, state=None, **given):
    return _source(container, **given).measure(state or _state(), observed())


FIRST, NEXT = "2013-07-01T15:00:00Z", "2013-07-02T03:00:00Z"  # the same day in New York
SECOND = "2013-07-02T15:00:00Z"


def _shadowed(container):
    rows = [("a", 0.2, FIRST), ("b", 0.6, NEXT), ("c", 0.5, SECOND), ("d", 0.9, FIRST)]
    container.answer(BLUE, rows, REAL + timedelta(minutes=1))
    container.answer(GREEN, [("a", 0.1, FIRST), ("b", 0.9, NEXT), ("c", 0.4, SECOND)],
                     REAL + timedelta(minutes=1))  # fmt: skip
    container.label(date(2013, 7, 1), [("a", 0), ("d", 1)])
    container.label(date(2013, 7, 2), [("b", 1)])


def test_what_both_answered_is_paired_by_the_day_it_is_about_where_people_live():
    container = Container()
    _shadowed(container)
    first, second = _measure(container).pairs
    assert (first.day, first.requests, first.labelled) == (date(2013, 7, 1), 2, 2)
    assert first.gains[BRIER] == pytest.approx((0.04 + 0.16) - (0.01 + 0.01))
    assert (second.day, second.requests, second.labelled) == (date(2013, 7, 2), 1, 0)


def test_what_was_answered_before_the_stage_or_twice_does_not_count():
    container = Container()
    _shadowed(container)
    container.answer(BLUE, [("z", 0.5, FIRST)], REAL - timedelta(seconds=1))
    container.answer(GREEN, [("z", 0.5, FIRST)], REAL - timedelta(seconds=1))
    container.answer(GREEN, [("a", 0.99, FIRST)], REAL + timedelta(minutes=2), name="retried")
    assert _measure(container).pairs[0].requests == 2
    assert _measure(container).pairs[0].gains[BRIER] == pytest.approx(0.18)


def test_live_days_hold_each_side_apart_and_requests_not_rows_are_counted_as_drawn():
    container = Container()
    container.answer(BLUE, [("a", 0.2, FIRST), ("b", 0.6, FIRST)], REAL, request="one")
    container.answer(BLUE, [("c", 0.5, FIRST)], REAL, request="two")
    container.answer(GREEN, [("d", 0.3, FIRST), ("e", 0.3, FIRST)], REAL, request="three")
    container.label(date(2013, 7, 1), [("a", 1), ("d", 0), ("e", 1)])
    found = _measure(container, _state(stage=1))
    assert (found.assigned.champion, found.assigned.challenger) == (2, 1)
    (day,) = found.live
    assert (day.champion.requests, day.champion.labelled) == (3, 1)
    assert day.champion.losses[BRIER] == pytest.approx(0.64)
    assert day.challenger.losses[BRIER] == pytest.approx(0.09 + 0.49)
    assert found.pairs == ()


def _answered(container, deployment, count):
    for number in range(count):
        row = (f"{deployment}{number}", 0.5, FIRST)
        container.answer(deployment, [row, (f"{row[0]}b", 0.5, FIRST)], REAL, f"r{number}")


def test_a_caller_s_mistake_is_no_failure_of_the_deployment():
    monitor, container = Monitor(), Container()
    _answered(container, BLUE, 40)
    found = _measure(container, monitor=monitor)
    assert (found.champion.requests, found.champion.errors) == (40, 0)
    assert monitor.asked[0]["timespan"] == "2026-01-05T10:30:00Z/2026-01-05T10:50:00Z"


def test_a_minute_that_was_fine_before_does_not_hide_that_all_fails_now():
    """Metrics know of 95 good requests in the stage's first minute; none is of the stage."""
    found = _measure(Container())
    assert (found.challenger.requests, found.challenger.errors) == (5, 5)


def test_the_minute_in_which_a_stage_begins_is_asked_for():
    monitor = Monitor()
    metrics = Metrics(monitor, "/endpoints/flights")
    metrics.served(BLUE, REAL + timedelta(seconds=44), REAL + timedelta(seconds=58), 200)
    assert {asked["timespan"] for asked in monitor.asked} == {
        "2026-01-05T10:30:00Z/2026-01-05T10:30:58Z"
    }


def test_slow_requests_are_estimated_from_the_quantiles_of_each_minute():
    container = Container()
    _answered(container, BLUE, 50)
    # 200 ms is 64 % of the way from 20 ms at one half to 300 ms at 95 %
    share = 1 - (0.5 + 0.45 * (180 / 280))
    assert _measure(container).champion.slow == round(50 * round(100 * share) / 100)


def test_latencies_are_one_a_request():
    container = Container()
    container.answer(BLUE, [("a", 0.2, FIRST), ("b", 0.6, FIRST)], REAL, request="one")
    assert _measure(container).champion.latency_ms == (12.0,)


def test_a_file_that_did_not_change_is_read_once():
    container = Container()
    _shadowed(container)
    source = _source(container)
    source.measure(_state(), observed())
    read = len(container.read)
    source.measure(_state(), observed())
    assert len(container.read) == read
    container.answer(GREEN, [("d", 0.8, FIRST)], REAL + timedelta(minutes=3))
    assert source.measure(_state(), observed()).pairs[0].requests == 3


def test_lines_that_a_full_disk_cut_off_are_missing_and_no_more():
    container = Container()
    _shadowed(container)
    name = next(name for name in container.blobs if GREEN in name)
    container.blobs[name] += b'{"time": "2026-01-05T10:31:00Z", "data": [{"request_id": "d", "sc'
    assert _measure(container).pairs[0].requests == 2


def test_before_the_traffic_is_there_nothing_is_measured():
    found = _measure(Container(failing=ServiceRequestError("unreachable")), _state(confirmed=None))
    assert found.until is None


def test_no_answer_is_said_as_such():
    with pytest.raises(UnavailableError, match="data below"):
        _measure(Container(failing=ServiceRequestError("unreachable")))


def test_the_flights_policy_asks_for_days_of_new_york():
    assert policy.load("flights").quality.zone == "America/New_York"
