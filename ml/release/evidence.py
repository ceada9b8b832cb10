"""What is known of a release at one moment: who gets traffic, what was served, how good it was."""

from datetime import date
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, Field, model_validator

from ml.release.document import Document
from ml.release.losses import LossName
from ml.release.traffic import EndpointKind, Traffic


class Readiness(StrEnum):
    """Whether a deployment can serve."""

    CREATING = "creating"
    READY = "ready"
    FAILED = "failed"


class Observed(Document):
    """An endpoint as it is; `busy` while a change to it is under way, whose end nobody knows."""

    kind: EndpointKind
    traffic: Traffic
    busy: bool = False
    deployments: dict[str, Readiness]


class Served(Document):
    """Requests to one deployment since the stage began, mirrored ones included.

    `slow` are those above the policy's `guardrails.latency.at_most_ms`. The latencies are a random
    sample, which only a comparison with the champion's needs.
    """

    requests: int = Field(ge=0)
    errors: int = Field(default=0, ge=0)
    slow: int = Field(default=0, ge=0)
    latency_ms: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _parts_of_the_whole(self) -> Self:
        if max(self.errors, self.slow) > self.requests:
            raise ValueError(
                f"{self.errors} errors and {self.slow} slow ones among {self.requests} requests"
            )
        return self


class Labelled(Document):
    """Requests of one day, how many have a label by now, and the sum of each loss over those."""

    requests: int = Field(ge=0)
    labelled: int = Field(ge=0)
    losses: dict[LossName, float]

    @model_validator(mode="after")
    def _parts_of_the_whole(self) -> Self:
        if self.labelled > self.requests:
            raise ValueError(f"{self.labelled} labels for {self.requests} requests")
        return self


class PairedDay(Document):
    """Requests of one day that both models answered: champion's loss minus challenger's, summed."""

    day: date
    requests: int = Field(ge=0)
    labelled: int = Field(ge=0)
    gains: dict[LossName, float]

    @model_validator(mode="after")
    def _parts_of_the_whole(self) -> Self:
        if self.labelled > self.requests:
            raise ValueError(f"{self.day}: {self.labelled} labels for {self.requests} requests")
        return self


class LiveDay(Document):
    """Requests of one day that either model answered."""

    day: date
    champion: Labelled
    challenger: Labelled


class Assigned(Document):
    """How many requests, or entities in an A/B comparison, went to each side."""

    champion: int = Field(ge=0)
    challenger: int = Field(ge=0)


class Evidence(Document):
    """All of it, of one turn of one release; `until` is when the figures end.

    Without `until` nothing could be measured, and all figures are empty.
    """

    release: str
    turn: int
    until: AwareDatetime | None = None
    observed: Observed
    champion: Served = Served(requests=0)
    challenger: Served = Served(requests=0)
    assigned: Assigned | None = None
    pairs: tuple[PairedDay, ...] = ()
    live: tuple[LiveDay, ...] = ()

    @model_validator(mode="after")
    def _days_once(self) -> Self:
        for days in (self.pairs, self.live):
            names = [each.day for each in days]
            if len(set(names)) < len(names):
                twice = next(name for name in names if names.count(name) > 1)
                raise ValueError(f"{twice} is there twice; add its requests up")
        return self
