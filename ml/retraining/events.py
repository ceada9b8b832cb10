"""What happens to a task, as events that retraining takes in; the same thing twice is one event."""

from collections.abc import Mapping
from datetime import date

from ml.retraining.policy import Trigger
from ml.retraining.state import Event
from ml.retraining.windows import NEWEST
from ml.workspace import DataVersion, RegisteredModel

PAGE, NOTE = "page", "note"
DATA_ASSET = "data_asset"


def of_alarm(name: str, alarm: str, window: str, of: str) -> Event:
    """Return the event of a look at what was served; a quiet look is one, too."""
    return Event(
        id=name,
        trigger=Trigger.PERFORMANCE if alarm == PAGE else Trigger.DRIFT,
        window=window,
        alarm=alarm in {PAGE, NOTE},
        reason=f"{alarm} in {of}" if alarm in {PAGE, NOTE} else "",
    )


def of_look(name: str, summary: Mapping[str, object]) -> Event:
    """Return the event of what a monitor's job wrote down; each job is one look."""
    of = f"{summary['first_day']} to {summary['last_day']} of {summary['endpoint']}"
    return of_alarm(name, str(summary["alarm"]), NEWEST, of)


def of_failure(name: str, why: str) -> Event:
    """Return the event of a look that saw nothing, which trains nothing."""
    return Event(
        id=name,
        trigger=Trigger.DRIFT,
        window=NEWEST,
        alarm=False,
        reason=f"the look {name} failed: {why}",
    )


def of_month(day: date) -> Event:
    """Return the event of a month that has begun."""
    return Event(
        id=f"schedule-{day:%Y-%m}",
        trigger=Trigger.SCHEDULE,
        window=NEWEST,
        reason=f"the schedule of {day:%Y-%m}",
    )


def of_data(newest: DataVersion, champion: RegisteredModel | None) -> Event | None:
    """Return the event of data that the champion has not learned from; None where it has."""
    if champion is None or champion.tags.get(DATA_ASSET) == newest.reference:
        return None
    return Event(
        id=f"data-{newest.version}",
        trigger=Trigger.NEW_DATA,
        window=NEWEST,
        reason=f"{newest.reference} is new",
    )
