"""How hard a deployment is tested, and what it must hold: the task's own rules of releases."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from ml.gates import policy as gates
from ml.release import policy as rollout

AT_ONCE = 4  # half of what a deployment of one machine answers at once


class Limits(BaseModel):
    """So many requests, so many of them at once; what may fail, and how long answers may take."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    requests: int = Field(ge=1)
    at_once: int = Field(ge=1)
    error_rate: float = Field(ge=0, lt=1)
    quantile: float = Field(ge=0.5, lt=1)
    latency_ms: float = Field(gt=0)
    valid_days: float = Field(gt=0)

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.at_once} at once, at most {self.error_rate:.2%} "
            f"failed, P{self.quantile * 100:g} at most {self.latency_ms:g} ms, valid "
            f"{self.valid_days:g} days"
        )


def load(task: str | Path) -> Limits:
    """Read the limits of a task: a result is valid as long as a verdict of its gate.

    The guardrails of its releases are the limits here too, and `min_requests` what it takes to
    judge by them: staging would learn nothing from weaker ones.
    """
    guardrails = rollout.load(task).guardrails
    return Limits(
        requests=guardrails.min_requests,
        at_once=AT_ONCE,
        error_rate=guardrails.errors.at_most,
        quantile=guardrails.latency.quantile,
        latency_ms=guardrails.latency.at_most_ms,
        valid_days=gates.load(task).rules.valid_days,
    )
