"""How well a deployment served a month, from what it answered and what came true."""

from collections.abc import Mapping

import numpy as np

from ml import metrics
from ml.collected import Answer
from ml.gates import blocks
from ml.gates.bootstrap import Resampler
from ml.loop.record import Interval, Measured

# As the gate's bootstrap, but fewer draws: these intervals are looked at and decide nothing.
RESAMPLES, SEED = 500, 0


def measured(
    version: str, answers: Mapping[str, Answer], labels: Mapping[str, float], zone: str
) -> Measured | None:
    """Return AUC and Brier with day-blocked intervals; nothing where only one class occurs."""
    known = sorted(answers.keys() & labels.keys())
    if not known:
        return None
    label = np.asarray([labels[name] for name in known], dtype=np.int8)
    score = np.asarray([answers[name].score for name in known], dtype=np.float64)
    found = metrics.measure(label, score)
    if found.auc is None:
        return None
    time = np.asarray(
        [answers[name].at.replace(tzinfo=None) for name in known], dtype="datetime64[s]"
    )
    draws = Resampler(blocks.by_day(time, zone), RESAMPLES, SEED)
    square = (score - label) ** 2
    return Measured(
        version=version,
        auc=found.auc,
        brier=found.brier,
        auc_interval=_interval(draws, "auc", label, score),
        brier_interval=_interval(draws, "brier", label, square),
    )


def _interval(
    draws: Resampler, name: str, label: np.ndarray, values: np.ndarray
) -> Interval | None:
    sampled = (
        draws.auc(label, values) if name == "auc" else draws.ratio(values, np.ones(len(values)))
    )
    found = draws.interval(sampled)
    return Interval(low=found.low, high=found.high) if found else None
