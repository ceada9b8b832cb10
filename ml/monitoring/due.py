"""When looks are due: as often as the policy's rate of false alarms was stated for."""

from calendar import monthrange
from datetime import date, timedelta

from ml.drift.policy import Policy
from ml.monitoring.served import Period

LABELS = timedelta(days=1)  # the last labels of a window need a day to come in


def window(policy: Policy, today: date) -> tuple[date, Period]:
    """Return the day on which the latest look was due, and the days that it looks at.

    A month has as many looks as `checks_per_month` says, evenly; below one, some months have none.
    More looks would raise more false alarms than the policy states.
    """
    day = _due(policy.checks_per_month, today - LABELS)
    last = day - timedelta(days=1)
    return day, (last - timedelta(days=policy.window_days - 1), last)


def _due(checks: float, today: date) -> date:
    if checks >= 1:
        length = monthrange(today.year, today.month)[1]
        parts = min(int(checks), length)
        days = (1 + part * length // parts for part in range(parts))
        return today.replace(day=max(day for day in days if day <= today.day))
    every = round(1 / checks)
    months = today.year * 12 + today.month - 1
    months -= months % every
    return date(months // 12, months % 12 + 1, 1)
