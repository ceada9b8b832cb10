"""Rolling back by what the endpoint itself says: no state, no registry, nothing but the endpoint.

Whatever else is out of order, the champion can be given everything back. A release that was under
way finds it so at its next turn and ends.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ml.release import traffic as rules
from ml.release.errors import ReleaseError
from ml.release.evidence import Observed, Readiness
from ml.release.ports import ChangedError, UnavailableError
from ml.release.traffic import Traffic


class Target(Protocol):
    """An endpoint, as far as rolling back needs it."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def read(self) -> Observed:
        """Return it as it is."""
        ...

    def replaced(self) -> dict[str, str]:
        """Return by deployment which one it took over from."""
        ...

    def apply(self, wanted: Traffic, seen: Traffic) -> None:
        """Set its traffic, if it has what was seen."""
        ...


@dataclass(frozen=True)
class RolledBack:
    """What a rollback changed, and how long the endpoint took for it; `before` may be the same."""

    champion: str
    before: Traffic
    after: Traffic
    seconds: float


def champion_of(name: str, observed: Observed, replaced: Mapping[str, str]) -> str:
    """Return the deployment that served before the one that is being released, or was.

    Raises:
        ReleaseError: the endpoint's deployments do not say; name it.
    """
    reached = {each for each in replaced if observed.traffic.reaches(each)}
    news = [
        each
        for each in sorted(reached)
        if replaced[each] in observed.deployments
        and not any(replaced[other] == each for other in reached)
    ]
    if len(news) == 1:
        return replaced[news[0]]
    said = f"traffic of {name} is {observed.traffic}"
    alone = [each for each, share in observed.traffic.live.items() if share == rules.WHOLE]
    if not news and alone:
        raise ReleaseError(
            f"{said}, and what {alone[0]} took over from is gone or was never there; deploy that "
            "model again and release it, or name a deployment with --to"
        )
    raise ReleaseError(f"{said}, which has no one champion; name the deployment with --to")


def roll_back(
    endpoint: Target,
    *,
    to: str | None = None,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    attempts: int = 6,
) -> RolledBack:
    """Give the champion everything, and see it done; again is fine.

    Raises:
        ReleaseError: there is no champion to go back to, or it is not ready.
        UnavailableError: the endpoint did not answer, again and again.
    """
    began = now()
    before: Traffic | None = None
    for attempt in range(attempts):
        try:
            observed = endpoint.read()
            before = before or observed.traffic
            champion = to or champion_of(endpoint.name, observed, endpoint.replaced())
            wanted = Traffic.all_to(champion)
            _check(endpoint.name, champion, observed)
            if observed.traffic != wanted:
                endpoint.apply(wanted, observed.traffic)
            took = (now() - began).total_seconds()
            return RolledBack(champion, before, wanted, took)
        except (UnavailableError, ChangedError):
            if attempt + 1 == attempts:
                raise
            sleep(2.0**attempt)
    raise AssertionError  # the last attempt returns or raises


def _check(name: str, champion: str, observed: Observed) -> None:
    found = observed.deployments.get(champion)
    if found is not Readiness.READY:
        there = ", ".join(sorted(observed.deployments)) or "none"
        raise ReleaseError(
            f"{champion} cannot take the traffic of {name}: it is {found or 'gone'}; deployments "
            f"there: {there}"
        )
