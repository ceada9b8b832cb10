"""Which periods a training learns from, and on which it is judged."""

from datetime import date

from ml.errors import TaskError
from ml.steps.prepare import NEWEST, newest

Periods = dict[str, str]


def before(day: date, months: int) -> str:
    """Return the month so many before a day's."""
    count = day.year * 12 + day.month - 1 - months
    return f"{count // 12}-{count % 12 + 1:02d}"


def periods(holdout: str, window: int) -> Periods:
    """Return the periods to train on and the one to judge on: months, or years where it is one.

    `newest` stands for whichever is the newest in the data when the job runs.

    Raises:
        TaskError: it is none of them.
    """
    if holdout == NEWEST:
        return newest(window)
    first, last = (_before(holdout, count) for count in (window, 1))
    return {
        "train_from": first,
        "train_to": last,
        "holdout_from": holdout,
        "holdout_to": holdout,
    }


def _before(period: str, count: int) -> str:
    year, month, *_ = [*period.split("-"), ""]
    try:
        if month:
            return before(date(int(year), int(month), 1), count)
        return str(date(int(year), 1, 1).year - count)
    except ValueError as error:
        raise TaskError(
            f"window {period} is no period that a training can be judged on; give a month such as "
            "2013-04, or a year such as 2018"
        ) from error
