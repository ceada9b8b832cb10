"""Who gets which share of an endpoint's traffic, and what Azure allows; checked before any call."""

from collections.abc import Iterable
from enum import StrEnum
from re import fullmatch
from typing import Self

from pydantic import Field, field_validator

from ml.release.assignment import Split
from ml.release.document import Document
from ml.release.errors import ReleaseError

WHOLE = 100
MOST_MIRRORED = 50
# Azure's rule for deployments' names; it checks them as late as when it creates one.
_NAME = r"[a-zA-Z][a-zA-Z0-9-]{1,30}[a-zA-Z0-9]"


class EndpointKind(StrEnum):
    """Where an online endpoint's deployments run."""

    MANAGED = "managed"
    KUBERNETES = "kubernetes"


class Traffic(Document):
    """Shares of live and of mirrored requests by deployment; a share of 0 is no share.

    `split` says which entities callers send to the challenger by name (`ml.release.assignment`).
    """

    live: dict[str, int]
    mirror: dict[str, int] = Field(default_factory=dict)
    split: Split | None = None

    @field_validator("live", "mirror")
    @classmethod
    def _without_zeros(cls, shares: dict[str, int]) -> dict[str, int]:
        return {name: shares[name] for name in sorted(shares) if shares[name] != 0}

    @classmethod
    def all_to(cls, deployment: str) -> Self:
        """Give everything to one deployment."""
        return cls(live={deployment: WHOLE})

    @property
    def deployments(self) -> frozenset[str]:
        """All deployments that get requests."""
        return frozenset({*self.live, *self.mirror})

    def reaches(self, deployment: str) -> bool:
        """Return whether any request goes to the deployment."""
        return deployment in self.deployments or self.split is not None

    def __str__(self) -> str:
        parts = [f"{name} {share} %" for name, share in self.live.items()]
        parts += [f"{name} mirrors {share} %" for name, share in self.mirror.items()]
        if self.split:
            parts.append(f"{self.split.share} % of entities to the challenger by name")
        return ", ".join(parts) or "nobody"


def mistakes(traffic: Traffic, kind: EndpointKind, deployments: Iterable[str]) -> list[str]:
    """Return what Azure would refuse, or worse, accept and do otherwise."""
    found = [
        f"{name} is no name of a deployment; 3 to 32 letters, digits and hyphens, a letter first"
        for name in sorted(traffic.deployments)
        if not fullmatch(_NAME, name)
    ]
    absent = sorted(traffic.deployments - set(deployments))
    if absent:
        found.append(f"{', '.join(absent)} gets traffic and does not exist; deploy it first")
    for name, share in (*traffic.live.items(), *traffic.mirror.items()):
        if not 0 < share <= WHOLE:
            found.append(f"the share of {name} is {share}; give a whole number from 0 to {WHOLE}")
    total = sum(traffic.live.values())
    if total != WHOLE:
        found.append(f"live traffic adds up to {total}; make it {WHOLE}")
    return found + _mirrored(traffic, kind)


def check(traffic: Traffic, kind: EndpointKind, deployments: Iterable[str]) -> Traffic:
    """Return the traffic as it is.

    Raises:
        ReleaseError: Azure does not allow it; every reason is named.
    """
    if found := mistakes(traffic, kind, deployments):
        raise ReleaseError(f"traffic ({traffic}) is not allowed: {'; '.join(found)}")
    return traffic


def _mirrored(traffic: Traffic, kind: EndpointKind) -> list[str]:
    found = []
    if traffic.mirror and kind is EndpointKind.KUBERNETES:
        found.append("Kubernetes endpoints cannot mirror; begin with a canary that decides")
    if len(traffic.mirror) > 1:
        found.append(f"{len(traffic.mirror)} deployments mirror; Azure allows one")
    if sum(traffic.mirror.values()) > MOST_MIRRORED:
        found.append(
            f"{sum(traffic.mirror.values())} % are mirrored; Azure allows {MOST_MIRRORED} %"
        )
    found += [
        f"{name} gets live and mirrored traffic; give it one of the two"
        for name in sorted(set(traffic.live) & set(traffic.mirror))
    ]
    return found
