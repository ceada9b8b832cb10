"""When triggers fire: cron fields, recurrences, zones, starts and ends."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.azureml import triggers
from emulator.azureml.triggers import TriggerError

START = datetime(2026, 1, 30, 22, 30, tzinfo=UTC)  # a Friday


def following(count: int = 3, start: datetime = START, **trigger) -> list[str]:
    found = triggers.read(trigger, start).after(start)
    return [moment.strftime("%m-%d %H:%M") for moment in islice(found, count)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 3 * * *", ["01-31 03:00", "02-01 03:00", "02-02 03:00"]),
        ("*/20 * * * *", ["01-30 22:40", "01-30 23:00", "01-30 23:20"]),
        ("15 10 * * 1", ["02-02 10:15", "02-09 10:15", "02-16 10:15"]),
        ("0 0 1,15 feb-MAR *", ["02-01 00:00", "02-15 00:00", "03-01 00:00"]),
        ("30 9-17/4 * * mon-wed", ["02-02 09:30", "02-02 13:30", "02-02 17:30"]),
        # both kinds of days have to fit, other than in Unix's cron
        ("0 0 13 * 5", ["02-13 00:00", "03-13 00:00", "11-13 00:00"]),
        ("0 0 29 2 *", ["02-29 00:00", "02-29 00:00"]),
        ("0 0 30 2 *", []),
    ],
)
def test_cron_expressions_are_read_as_ncrontab_does(expression, expected):
    assert following(len(expected) or 1, triggerType="Cron", expression=expression) == expected


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"frequency": "minute", "interval": 45}, ["01-30 23:15", "01-31 00:00", "01-31 00:45"]),
        ({"frequency": "hour", "interval": 12}, ["01-31 10:30", "01-31 22:30", "02-01 10:30"]),
        ({"frequency": "day", "interval": 2}, ["02-01 22:30", "02-03 22:30", "02-05 22:30"]),
        (
            {
                "frequency": "week",
                "interval": 1,
                "schedule": {"hours": [10, 4], "minutes": [0], "weekDays": ["Monday", "sunday"]},
            },
            ["02-01 04:00", "02-01 10:00", "02-02 04:00"],
        ),
        ({"frequency": "week", "interval": 4}, ["02-27 22:30", "03-27 22:30", "04-24 22:30"]),
        ({"frequency": "month", "interval": 1}, ["03-30 22:30", "04-30 22:30", "05-30 22:30"]),
        (
            {"frequency": "month", "interval": 3, "schedule": {"monthDays": [1], "hours": [5]}},
            ["04-01 05:30", "07-01 05:30", "10-01 05:30"],
        ),
    ],
)
def test_recurrences_count_from_where_they_began(trigger, expected):
    assert following(triggerType="Recurrence", **trigger) == expected


def test_a_zone_moves_the_moments_and_summer_moves_them_again():
    where = {
        "triggerType": "Cron",
        "expression": "0 3 * * *",
        "timeZone": "W. Europe Standard Time",
    }
    assert following(1, **where) == ["01-31 02:00"]
    assert following(1, datetime(2026, 7, 1, 12, tzinfo=UTC), **where) == ["07-02 01:00"]


def test_hours_pass_alike_when_clocks_are_turned_back():
    trigger = {"triggerType": "Recurrence", "frequency": "hour", "interval": 1}
    turned = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in Berlin, for the first time
    found = following(2, turned, timeZone="W. Europe Standard Time", **trigger)
    assert found == ["10-25 01:30", "10-25 02:30"]


def test_nothing_fires_before_the_start_or_after_the_end():
    trigger = {"triggerType": "Cron", "expression": "0 3 * * *"}
    within = {"startTime": "2026-02-10T03:00:00", "endTime": "2026-02-12T00:00:00"}
    assert following(9, **trigger, **within) == ["02-10 03:00", "02-11 03:00"]
    read = triggers.read(trigger, START)
    until = START + timedelta(days=2)
    assert len(read.between(START, until)) == 2
    assert read.between(START, START) == []


@pytest.mark.parametrize(
    ("trigger", "message"),
    [
        ({"triggerType": "Cron", "expression": "nonsense"}, "has 1 fields"),
        ({"triggerType": "Cron", "expression": "60 * * * *"}, "no minute; give 0 to 59"),
        ({"triggerType": "Cron", "expression": "* * * * 8"}, "no day of the week"),
        ({"triggerType": "Cron", "expression": "5-2 * * * *"}, "no minute"),
        ({"triggerType": "Cron", "expression": "*/0 * * * *"}, "no minute"),
        ({"triggerType": "Recurrence", "frequency": "year"}, "frequency is 'year'"),
        ({"triggerType": "Recurrence", "frequency": "day", "interval": 0}, "interval is 0"),
        (
            {
                "triggerType": "Recurrence",
                "frequency": "day",
                "interval": 1,
                "schedule": {"hours": [24]},
            },
            "schedule.hours",
        ),
        (
            {
                "triggerType": "Recurrence",
                "frequency": "hour",
                "interval": 1,
                "schedule": {"hours": [2]},
            },
            "goes with a frequency of day",
        ),
        ({"triggerType": "Cron", "expression": "* * * * *", "timeZone": "Mars"}, "'Mars'"),
        ({"triggerType": "Cron", "expression": "* * * * *", "startTime": "soon"}, "startTime"),
        (
            {
                "triggerType": "Cron",
                "expression": "* * * * *",
                "startTime": "2026-02-01",
                "endTime": "2026-01-01",
            },
            "is not after",
        ),
    ],
)
def test_what_is_not_understood_is_refused(trigger, message):
    with pytest.raises(TriggerError, match=message):
        triggers.read(trigger, START)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    hours=st.integers(0, 24 * 400),
    days=st.integers(1, 30),
)
def test_windows_that_follow_each_other_fire_each_moment_once(minute, hour, hours, days):
    trigger = triggers.read({"triggerType": "Cron", "expression": f"{minute} {hour} * * *"}, START)
    start = START + timedelta(hours=hours)
    cuts = [start + timedelta(hours=7 * n) for n in range(days * 24 // 7 + 1)]
    parts = [m for a, b in pairwise(cuts) for m in trigger.between(a, b)]
    assert parts == trigger.between(cuts[0], cuts[-1])
    assert all((m.hour, m.minute) == (hour, minute) for m in parts)
