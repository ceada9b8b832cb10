"""Looking at a period that was served: its window, and what monitors say of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from ml import task as tasks
from ml.drift import monitor, policy
from ml.drift.findings import Findings, Level
from ml.drift.monitor import Reference, Window
from ml.drift.profile import NoRowsError
from ml.monitoring.served import Period, Seen, Served
from ml.monitoring.sources import Source
from ml.monitoring.store import Store

NONE = "none"


@dataclass(frozen=True)
class Look:
    """What was found, and what it was found in."""

    findings: Findings
    window: Window
    seen: Seen

    @property
    def alarm(self) -> str:
        """The gravest level that a run is tagged with: page, note or none."""
        levels = {found.level for found in self.findings.alarms}
        return next((str(level) for level in (Level.PAGE, Level.NOTE) if level in levels), NONE)

    @property
    def event(self) -> str:
        """The event's id, the same for the same data and policy."""
        return monitor.event(self.findings)


def look(served: Served, first: date, last: date) -> Look:
    """Hold the days from the first to the last against the reference.

    Where the policy names a season and those days were served too, drift counts only where it
    differs from both.

    Raises:
        NoRowsError: nothing was answered about these days.
    """
    season = served.policy.season
    periods: list[Period] = [(first, last), *([season.of(first, last)] if season else [])]
    seen, *like = served.seen(*periods)
    found = _window(seen, served, first, last)
    before = like[0].window if like else None
    findings = monitor.monitor(
        served.reference, found, served.policy, before.profile if before else None
    )
    return Look(findings, found, seen)


def window(
    reference: Reference,
    source: Source,
    *,
    task: str,
    endpoint: str,
    deployments: Sequence[str],
    first: date,
    last: date,
    store: Store | None = None,
) -> Window:
    """Return the counts of the days from the first to the last, in the reference's cells.

    Args:
        source: `BlobSource` of the workspace's container, or `FolderSource` of mounted folders.
        deployments: those that serve the model which the reference is of.
        store: where counted hours are kept, so that a later look reads new ones only.

    Raises:
        NoRowsError: nothing was answered about these days.
    """
    served = Served(
        tasks.load(task), policy.load(task), reference, source, endpoint, deployments,
        store or Store(),
    )  # fmt: skip
    (seen,) = served.seen((first, last))
    return _window(seen, served, first, last)


def latest(policy: policy.Policy, today: date) -> Period:
    """Return the days of a window that ends with yesterday."""
    last = today - timedelta(days=1)
    return last - timedelta(days=policy.window_days - 1), last


def _window(seen: Seen, served: Served, first: date, last: date) -> Window:
    found = seen.window
    if found is None:
        lost = f"; {seen.lost} answers came without their inputs" if seen.lost else ""
        raise NoRowsError(
            f"{served.endpoint} ({', '.join(served.deployments)}) answered nothing about "
            f"{first} to {last}{lost}; look whether it is called and whether its data collector "
            "is on, or give other days"
        )
    return found
