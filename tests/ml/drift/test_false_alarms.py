"""Where nothing changes, alarms are no more frequent than the policy states."""

import numpy as np
import pytest

from ml.drift.findings import Signal
from ml.drift.monitor import monitor

MONTHS = 1_000
RATE = 0.1
# Nothing is too small to matter here: chance alone must be held by the law, not by the effect.
TINY = {
    "drift": {"psi": 1e-9},
    "prediction": {"psi": 1e-9},
    "quality": {
        "nulls": {"by": 1e-9},
        "unseen": {"by": 1e-9},
        "outliers": {"by": 1e-9, "action": "note"},
    },
    "performance": [{"metric": "auc", "by": 1e-9}, {"metric": "brier", "by": 1e-9}],
    "estimated": [{"metric": "brier", "by": 1e-9}],
    "concept": {"by": 1e-9},
}


def alarms(made, policy, months, **options):
    """Months with an alarm, months with a page, and how often each signal alarmed."""
    found = [
        monitor(made.reference(**options), made.window(**options), policy) for _ in range(months)
    ]
    signals = [alarm.signal for month in found for alarm in month.alarms]
    return (
        sum(bool(month.alarms) for month in found),
        sum(bool(month.pages) for month in found),
        {signal: signals.count(signal) for signal in Signal},
    )


def allowed(rate, months):
    """How many of the months may have an alarm, three standard errors of luck included."""
    return months * rate + 3 * np.sqrt(months * rate * (1 - rate))


def test_a_thousand_months_without_drift_have_no_more_alarms_than_stated(world, policy):
    made = world(23, numbers=6, letters=2, rows=100)
    some, paged, signals = alarms(made, policy(**TINY), MONTHS)
    assert some <= allowed(RATE, MONTHS), signals
    assert paged <= allowed(RATE * 2 / 3, MONTHS), signals
    assert some > 0  # the law is asked, not the effect


@pytest.mark.slow
@pytest.mark.parametrize("day_spread", [0.0, 0.02, 0.2])
def test_days_that_differ_from_each_other_are_no_drift(world, policy, day_spread):
    made = world(24, numbers=8, letters=3, rows=100)
    some, paged, signals = alarms(made, policy(**TINY), MONTHS, day_spread=day_spread)
    assert some <= allowed(RATE, MONTHS), signals
    assert paged <= allowed(RATE * 2 / 3, MONTHS), signals


def test_with_effects_that_matter_hardly_any_month_has_an_alarm(world, policy):
    larger = policy(performance=[{"metric": "auc", "by": 0.05}, {"metric": "brier", "by": 0.02}])
    some, _, signals = alarms(world(25, numbers=6, letters=2), larger, 100, day_spread=0.02)
    assert some <= 1, signals


@pytest.mark.slow
@pytest.mark.parametrize("looks", [4, 30])
def test_looking_more_often_does_not_raise_the_rate(world, policy, looks):
    made, months = world(26, numbers=6, letters=2, rows=60, days=10), 4_000 // looks
    strict = policy(**TINY, checks_per_month=looks, window_days=10)
    some = 0
    for _ in range(months):
        reference = made.reference(day_spread=0.02)
        some += any(
            monitor(reference, made.window(day_spread=0.02), strict).alarms for _ in range(looks)
        )
    assert some <= allowed(RATE, months)
