"""The algebra of verdicts: pass, fail and unknown as in Kleene's logic, with the evidence."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Outcome(StrEnum):
    """What a rule says of a resource."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"


PASS, FAIL, UNDECIDED = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
NOT_APPLICABLE = Outcome.NOT_APPLICABLE


@dataclass(frozen=True)
class Evidence:
    """One property: where it is, what was found there, what is wanted."""

    path: str
    found: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.path or 'the resource'} is {self.found}; wanted {self.wanted}"


@dataclass(frozen=True)
class Verdict:
    """An outcome and the properties that decided it."""

    outcome: Outcome
    evidence: tuple[Evidence, ...] = ()
    reason: str = ""
    """Why a rule does not apply."""

    def __and__(self, other: "Verdict") -> "Verdict":
        return _join(self, other, (FAIL, UNDECIDED, PASS))

    def __or__(self, other: "Verdict") -> "Verdict":
        return _join(self, other, (PASS, UNDECIDED, FAIL))

    def because(self, *evidence: Evidence) -> "Verdict":
        """The same outcome, told by better evidence than the properties by themselves."""
        return self if self.outcome in {PASS, NOT_APPLICABLE} else replace(self, evidence=evidence)

    def at_most_unknown(self, unless: Outcome, cause: Evidence) -> "Verdict":
        """Keep `unless`; anything else is not certain, because of `cause`."""
        return self if self.outcome is unless else Verdict(UNDECIDED, (cause,))


PASSED = Verdict(PASS)


def not_applicable(reason: str) -> Verdict:
    """The rule has nothing to say of this resource."""
    return Verdict(NOT_APPLICABLE, reason=reason)


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """All must pass; none at all is a pass."""
    total = PASSED
    for verdict in verdicts:
        total &= verdict
    return total


def any_of(verdicts: Iterable[Verdict], otherwise: Evidence) -> Verdict:
    """One must pass; none at all fails, and `otherwise` tells what was missing."""
    total: Verdict | None = None
    for verdict in verdicts:
        total = verdict if total is None else total | verdict
    return total or Verdict(FAIL, (otherwise,))


def only_if(condition: Verdict, then: Callable[[], Verdict], otherwise: str) -> Verdict:
    """Ask `then` where `condition` holds; where it is unknown, a failure is unknown too."""
    if condition.outcome is FAIL:
        return not_applicable(otherwise)
    verdict = then()
    if condition.outcome is UNDECIDED and verdict.outcome is FAIL:
        return Verdict(UNDECIDED, condition.evidence + verdict.evidence)
    return verdict


def _join(one: Verdict, two: Verdict, strongest_first: tuple[Outcome, ...]) -> Verdict:
    for outcome in strongest_first:
        deciding = [verdict for verdict in (one, two) if verdict.outcome is outcome]
        if deciding:
            return Verdict(outcome, tuple(e for verdict in deciding for e in verdict.evidence))
    return one
