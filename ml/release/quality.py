"""Is the challenger good enough? Answered from sums of days, however often it is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log

from ml.gates.outcome import Outcome
from ml.release.blocks import Block, Sums, a_week, sums
from ml.release.levels import Levels
from ml.release.sequential.roots import crossing
from ml.release.sequential.student import StudentMixture

Number = float | int | str | None


@dataclass(frozen=True)
class Compared:
    """How champion and challenger compare on one loss, with what it was judged by.

    `low` is a lower bound at the level of promoting, `high` an upper one at that of refusing; both
    hold at all times. A gain is positive where the challenger's loss is lower.
    """

    loss: str
    outcome: Outcome
    margin: float
    days: int
    rows: float
    reason: str
    gain: float | None = None
    z: float | None = None
    low: float | None = None
    high: float | None = None
    p_of_no_better: float | None = None
    p_of_no_worse: float | None = None

    @property
    def measured(self) -> str:
        """What was measured, without what follows from it."""
        said = f"{self.loss} over {self.days} days"
        if self.gain is None:
            return said
        return f"{said}: gain {self.gain:+.5f} ({_bound(self.low)} to {_bound(self.high)})"

    @property
    def numbers(self) -> dict[str, Number]:
        """The numbers under names that several losses can share a record with."""
        names = ("days", "rows", "margin", "gain", "z", "low", "high")
        values = {name: getattr(self, name) for name in (*names, "p_of_no_better", "p_of_no_worse")}
        return {f"{self.loss}.{name}": value for name, value in values.items()}


def compare(loss: str, blocks: Sequence[Block], margin: float, levels: Levels) -> Compared:
    """Compare two models on the days so far.

    Args:
        loss: the name of the loss.
        blocks: whole days only.
        margin: how much higher the challenger's mean loss may be.
        levels: the errors allowed.

    Returns:
        Pass where the challenger is shown to be within the margin, fail where it is shown to be
        beyond it, else inconclusive.
    """
    found = sums(blocks)
    said = f"{loss} over {found.days} days"
    if found.days < levels.min_days or not a_week(blocks):
        wanted = f"{levels.min_days} whole days with every day of the week among them"
        return Compared(
            loss, Outcome.INCONCLUSIVE, margin, found.days, found.rows,
            f"{said}: too few, {wanted} are needed",
        )  # fmt: skip
    better, worse = _p_above(found, -margin, levels), _p_below(found, -margin, levels)
    low, high = _lower(found, levels), _upper(found, levels)
    if better <= levels.promote:
        outcome, words = Outcome.PASS, f"within the margin of {margin:g}"
    elif worse <= levels.refuse:
        outcome, words = Outcome.FAIL, f"worse than the margin of {margin:g}"
    else:
        outcome, words = Outcome.INCONCLUSIVE, f"undecided about the margin of {margin:g}"
    return Compared(
        loss, outcome, margin, found.days, found.rows,
        f"{said}: gain {found.mean:+.5f} ({_bound(low)} to {_bound(high)}), {words}",
        found.mean, found.z, low, high, better, worse,
    )  # fmt: skip


def _bound(value: float | None) -> str:
    return "open" if value is None else f"{value:+.5f}"


def _mixture(levels: Levels, rate: float) -> StudentMixture:
    return StudentMixture.sharpest_at(levels.expected_days, rate, one_sided=True)


def _p_above(found: Sums, mean: float, levels: Levels) -> float:
    """Return the p-value of the hypothesis that the gain is at most `mean`."""
    evidence = _mixture(levels, levels.promote).log_evidence_above(*found.around(mean))
    return exp(-max(evidence, 0.0))


def _p_below(found: Sums, mean: float, levels: Levels) -> float:
    """Return the p-value of the hypothesis that the gain is at least `mean`."""
    days, total, squares = found.around(mean)
    evidence = _mixture(levels, levels.refuse).log_evidence_above(days, -total, squares)
    return exp(-max(evidence, 0.0))


def _lower(found: Sums, levels: Levels) -> float | None:
    """Return the largest gain that the data rule out from below; nothing where there is none."""
    mixture = _mixture(levels, levels.promote)

    def ruled_out(mean: float) -> float:
        return mixture.log_evidence_above(*found.around(mean)) + log(levels.promote)

    return crossing(ruled_out, found.mean, -_step(found))


def _upper(found: Sums, levels: Levels) -> float | None:
    mixture = _mixture(levels, levels.refuse)

    def ruled_out(mean: float) -> float:
        days, total, squares = found.around(mean)
        return mixture.log_evidence_above(days, -total, squares) + log(levels.refuse)

    return crossing(ruled_out, found.mean, _step(found))


def _step(found: Sums) -> float:
    """Return a standard error of the mean, or something small where nothing varies."""
    _, _, squares = found.around(found.mean)
    return max(squares**0.5 / found.rows, 1e-9 * max(abs(found.mean), 1.0))
