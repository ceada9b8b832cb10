"""A year replayed: each period, would a model of the two periods before it have taken over?

The challenger of a period is trained on the periods just before it and judged on the period
itself, once its labels are in. What decides is the gate's own comparison (`ml.gates`), on the same
day blocks. The champion is either kept as it was at first (`fixed`), so that each period's answer
stands alone, or is the last challenger that won (`rolling`), as the loop runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ml import metrics, training
from ml.errors import TaskError
from ml.gates.bootstrap import Resampler
from ml.gates.outcome import Outcome
from ml.gates.rules import champion as comparing
from ml.gates.rules.champion import Comparison
from ml.metrics import Measured
from ml.replay_mode import Mode
from ml.tabular_scorer import Scorer
from ml.task import Training
from ml.training import Examples

# Boosting is stopped on the later of two periods; a fold needs one period before it.
_STOP = 1


@dataclass(frozen=True)
class Decision:
    """What the replay found in one period; `champion` and `challenger` are what they learned."""

    period: str
    rows: int
    champion: tuple[str, ...]
    challenger: tuple[str, ...]
    of_champion: Measured
    of_challenger: Measured
    comparison: Comparison

    @property
    def document(self) -> dict[str, object]:
        """The decision for programs; gains are positive where the challenger is better."""
        compared = self.comparison
        gains = {"auc_gain": compared.auc_gain, "brier_gain": compared.brier_gain}
        return {
            "period": self.period,
            "rows": self.rows,
            "champion": {"periods": list(self.champion), **self.of_champion.numbers},
            "challenger": {"periods": list(self.challenger), **self.of_challenger.numbers},
            **{name: gain and gain.model_dump() for name, gain in gains.items()},
            "decision": str(compared.outcome),
            "reason": compared.reason,
        }


def replay(
    rows: Examples,
    categories: Sequence[str],
    settings: Training,
    resampler: Callable[[Examples], Resampler],
    *,
    mode: Mode,
    window: int = 2,
) -> Iterator[Decision]:
    """Yield the decision of each period, the first `window` and the one after them left out.

    The period after the champion's own is left out because champion and challenger are then the
    same model.

    Args:
        rows: all labelled rows of the year, in time order.
        categories: the features that are text.
        settings: the booster's.
        resampler: makes the draws for one period's rows.
        mode: whether the first champion stays (`fixed`) or gives way (`rolling`).
        window: how many periods a model is trained on.

    Raises:
        TaskError: there are fewer than window + 2 periods.
    """
    periods = sorted(set(rows.period.tolist()))
    if len(periods) < window + 2:
        raise TaskError(
            f"a replay needs {window + 2} periods, {window} to learn and two to go through; the "
            f"data have {len(periods)} ({', '.join(periods)})"
        )

    def learned(chosen: Sequence[str]) -> Scorer:
        part = rows.chosen(np.isin(rows.period, chosen))
        return training.fit(part, categories, settings, _STOP).scorer

    reigns = tuple(periods[:window])
    champion = learned(reigns)
    for position in range(window + 1, len(periods)):
        before = tuple(periods[position - window : position])
        challenger = learned(before)
        part = rows.chosen(rows.period == periods[position])
        scores = [scorer.score(part.columns) for scorer in (champion, challenger)]
        found = comparing.compare(resampler(part), part.label, scores[1], scores[0])
        yield Decision(
            period=periods[position],
            rows=len(part.label),
            champion=reigns,
            challenger=before,
            of_champion=metrics.measure(part.label, scores[0]),
            of_challenger=metrics.measure(part.label, scores[1]),
            comparison=found,
        )
        if mode is Mode.ROLLING and found.outcome is Outcome.PASS:
            champion, reigns = challenger, before
