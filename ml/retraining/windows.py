"""Which periods a training learns from, and on which it is judged."""

from datetime import date

Periods = dict[str, str | None]


def before(day: date, months: int) -> str:
    """Return the month so many before a day's."""
    count = day.year * 12 + day.month - 1 - months
    return f"{count // 12}-{count % 12 + 1:02d}"


def periods(holdout: str, window: int) -> Periods:
    """Return the months to train on and the month to judge on."""
    year, number = map(int, holdout.split("-"))
    begin = date(year, number, 1)
    return {
        "train_from": before(begin, window),
        "train_to": before(begin, 1),
        "holdout_from": holdout,
        "holdout_to": holdout,
    }
