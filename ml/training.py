"""Fitting: encoder and booster from training examples, stopped early on the latest of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml.errors import TaskError
from ml.tabular_scorer import Cells, Encoder, Scorer
from ml.task import Training

if TYPE_CHECKING:
    import xgboost as xgb


@dataclass(frozen=True)
class Examples:
    """Columns of features with label, period and time in UTC, in time order."""

    columns: Mapping[str, Cells]
    label: npt.NDArray[np.int8]
    period: npt.NDArray[np.str_]
    time: npt.NDArray[np.datetime64]

    def chosen(self, rows: npt.NDArray[np.bool_]) -> "Examples":
        """Return the rows where the mask is true."""
        columns = {name: np.asarray(cells)[rows] for name, cells in self.columns.items()}
        return Examples(columns, self.label[rows], self.period[rows], self.time[rows])


@dataclass(frozen=True)
class Fitted:
    """A scorer and how it came about."""

    scorer: Scorer
    rounds: int
    stop_periods: tuple[str, ...]
    stop_log_loss: float


def fit(examples: Examples, categories: Sequence[str], settings: Training, stop: int) -> Fitted:
    """Find the number of rounds on the latest periods, then fit that many on all of them."""
    import xgboost as xgb  # noqa: PLC0415  costs seconds that --help does not need

    periods = sorted(set(examples.period.tolist()))
    if len(periods) <= stop:
        raise TaskError(
            f"training has {len(periods)} period(s) ({', '.join(periods)}) and early stopping "
            f"takes the last {stop}; give more training periods, or lower split.stop_periods"
        )
    latest = np.isin(examples.period, periods[-stop:])
    # Whatever is learned from data is learned again for the final fit: the stopping rows may not
    # have been seen, not even by the encoder.
    early, late = examples.chosen(~latest), examples.chosen(latest)
    encoder = _encoder(early, categories, settings)
    trial = xgb.train(
        _parameters(settings),
        _matrix(encoder, early),
        settings.rounds,
        evals=[(_matrix(encoder, late), "stop")],
        early_stopping_rounds=settings.patience,
        verbose_eval=False,
    )
    rounds = trial.best_iteration + 1
    encoder = _encoder(examples, categories, settings)
    booster = xgb.train(_parameters(settings), _matrix(encoder, examples), rounds)
    return Fitted(Scorer(encoder, booster), rounds, tuple(periods[-stop:]), float(trial.best_score))


def _parameters(settings: Training) -> dict[str, str | float]:
    return {
        "objective": "binary:logistic",
        "eval_metric": "logloss",
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "max_leaves": settings.max_leaves,
        "learning_rate": settings.learning_rate,
        "min_child_weight": settings.min_child_weight,
        "seed": settings.seed,
        "nthread": settings.threads,
    }


def _encoder(examples: Examples, categories: Sequence[str], settings: Training) -> Encoder:
    chosen = {name: examples.columns[name] for name in categories}
    return Encoder.fit(tuple(examples.columns), chosen, settings.rare_category)


def _matrix(encoder: Encoder, examples: Examples) -> "xgb.DMatrix":
    import xgboost as xgb  # noqa: PLC0415  as above

    return xgb.DMatrix(
        encoder.encode(examples.columns),
        label=examples.label,
        feature_names=list(encoder.features),
        feature_types=encoder.kinds,
        enable_categorical=True,
    )
