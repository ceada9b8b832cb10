"""What a rule returns: pass, fail or inconclusive, with numbers, threshold and reason."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Outcome(StrEnum):
    """The three answers; a gate opens on `PASS` only."""

    PASS = "pass"  # noqa: S105  a verdict, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


class Interval(BaseModel):
    """A value measured once, with the bounds that hold it at the stated level."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"

    @property
    def favours(self) -> int:
        """1 where the whole interval is above zero, -1 where it is below, else 0."""
        return 1 if self.low > 0 else -1 if self.high < 0 else 0


class Finding(BaseModel):
    """One thing that a rule measured; without an interval there was too little to judge by."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str
    outcome: Outcome
    value: float | None = None
    low: float | None = None
    high: float | None = None
    wanted: str
    note: str = ""

    @classmethod
    def of(
        cls, name: str, outcome: Outcome, found: Interval | None, wanted: str, note: str = ""
    ) -> "Finding":
        """Make a finding of an interval, or of none."""
        if found is None:
            return cls(name=name, outcome=outcome, wanted=wanted, note=note)
        bounds = found.model_dump()
        return cls(name=name, outcome=outcome, wanted=wanted, note=note, **bounds)

    def __str__(self) -> str:
        if self.value is None:
            if self.outcome is Outcome.PASS:
                return f"{self.name}: {self.wanted}"
            return f"{self.name}: {self.note or 'not measurable'}, wanted {self.wanted}"
        said = f"{self.value:.6g}"
        if self.low is not None and self.high is not None:
            said = str(Interval(value=self.value, low=self.low, high=self.high))
        return f"{self.name} {said}, wanted {self.wanted}{f': {self.note}' if self.note else ''}"


class Result(BaseModel):
    """What one rule decided, and by what."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rule: str
    outcome: Outcome
    reason: str
    findings: tuple[Finding, ...]
    # Listed, but without a vote: slices with too few rows, for example.
    unjudged: tuple[str, ...] = ()


class Skipped(BaseModel):
    """A rule of the policy that could not apply, such as a comparison without a champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rule: str
    reason: str


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return fail if anything failed, else inconclusive if anything was, else pass."""
    found = set(outcomes)
    for outcome in (Outcome.FAIL, Outcome.INCONCLUSIVE):
        if outcome in found:
            return outcome
    return Outcome.PASS


def summed(rule: str, findings: Iterable[Finding], unjudged: Iterable[str] = ()) -> Result:
    """Make a rule's result: its worst finding decides and is named in the reason."""
    every = tuple(findings)
    outcome = worst(finding.outcome for finding in every)
    guilty = [finding for finding in every if finding.outcome is outcome]
    if outcome is Outcome.PASS:
        reason = f"all {len(every)} measures are as wanted"
    else:
        more = f"; and {len(guilty) - 1} more" if len(guilty) > 1 else ""
        reason = f"{guilty[0]}{more}"
    return Result(
        rule=rule, outcome=outcome, reason=reason, findings=every, unjudged=tuple(unjudged)
    )


def below(found: Interval | None, limit: float) -> Outcome:
    """Judge a measure that must not be above a limit."""
    if found is None:
        return Outcome.INCONCLUSIVE
    if found.high <= limit:
        return Outcome.PASS
    return Outcome.FAIL if found.low > limit else Outcome.INCONCLUSIVE


def above(found: Interval | None, limit: float) -> Outcome:
    """Judge a measure that must not be below a limit."""
    if found is None:
        return Outcome.INCONCLUSIVE
    if found.low >= limit:
        return Outcome.PASS
    return Outcome.FAIL if found.high < limit else Outcome.INCONCLUSIVE


def between(found: Interval | None, low: float, high: float) -> Outcome:
    """Judge a measure that must lie in a range."""
    return worst((above(found, low), below(found, high)))


def unless_shown(outcome: Outcome, found: Interval | None) -> Outcome:
    """Let what an interval leaves open pass; where there is no interval, nothing was looked at."""
    open_ = outcome is Outcome.INCONCLUSIVE and found is not None
    return Outcome.PASS if open_ else outcome
