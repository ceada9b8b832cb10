"""Fitting: encoder and booster from training examples, stopped early on folds in time order."""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ml.data import folds
from ml.distributed import Group, joined
from ml.errors import TaskError
from ml.tabular_scorer import Cells, Encoder, Scorer
from ml.task import Training

if TYPE_CHECKING:
    import xgboost as xgb

ALONE = Group()


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


@dataclass(frozen=True)
class Stopped:
    """When boosting stopped on folds in time order, and how good it was there."""

    rounds: int
    periods: tuple[str, ...]
    log_loss: float


def fit(
    examples: Examples,
    categories: Sequence[str],
    settings: Training,
    stop: int,
    *,
    group: Group = ALONE,
) -> Fitted:
    """Find the number of rounds on folds in time order, then fit that many on all periods.

    All processes of a group give the same rows and return the same model; each sums over its own
    part of them.

    Raises:
        TaskError: there is one period only.
    """
    with joined(group):
        found = stopped(examples, categories, settings, stop, group=group)
        boosting = _Boosting(categories, settings, group)
        encoder, booster = boosting.after(found.rounds, examples)
    return Fitted(Scorer(encoder, booster), found.rounds, found.periods, found.log_loss)


def stopped(
    examples: Examples,
    categories: Sequence[str],
    settings: Training,
    stop: int,
    *,
    group: Group = ALONE,
) -> Stopped:
    """Find the number of rounds, without the fit on all periods; a sweep compares settings by it.

    Each of the last `stop` periods, fewer where there are not enough, is scored by a model of all
    periods before it. Boosting stops there; the mean over these folds is what the final fit takes.
    """
    periods = sorted(set(examples.period.tolist()))
    if len(periods) == 1:
        raise TaskError(
            f"training has one period ({periods[0]}) and early stopping takes the last; give more "
            "training periods"
        )
    require(settings.device)
    boosting = _Boosting(categories, settings, group)
    trials = []
    made = folds.folds(periods, min(stop, len(periods) - 1))
    for fold in made:
        early = (examples.period >= fold.train[0]) & (examples.period <= fold.train[-1])
        late = (examples.period >= fold.test[0]) & (examples.period <= fold.test[-1])
        trials.append(boosting.stopped(examples.chosen(early), examples.chosen(late)))
    return Stopped(
        rounds=math.ceil(sum(found for found, _ in trials) / len(trials)),
        periods=tuple(period for fold in made for period in fold.test),
        log_loss=sum(loss for _, loss in trials) / len(trials),
    )


def require(device: str) -> None:
    """Refuse a device that is not there: XGBoost would warn, and grow its trees on the CPU.

    Raises:
        TaskError: there is no GPU, or this xgboost was built without CUDA.
    """
    if device == "cpu":
        return
    import xgboost as xgb  # noqa: PLC0415  costs seconds that --help does not need

    tiny = xgb.DMatrix(np.zeros((2, 1)), label=np.array([0, 1]))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        xgb.train({"device": device, "tree_method": "hist"}, tiny, 1)
    if any("changed from GPU to CPU" in str(one.message) for one in said):
        built = "is built with CUDA" if xgb.build_info().get("USE_CUDA") else "has no CUDA in it"
        raise TaskError(
            f"device is {device}, but there is no GPU here that xgboost can use; this xgboost "
            f"{built}. Give a cluster with GPUs and an environment with xgboost in place of "
            "xgboost-cpu, or device: cpu"
        )


@dataclass(frozen=True)
class _Boosting:
    """How every model of one training is fitted."""

    categories: Sequence[str]
    settings: Training
    group: Group

    def stopped(self, early: Examples, late: Examples) -> tuple[int, float]:
        """Return the rounds after which the later rows are scored best, and their log loss."""
        import xgboost as xgb  # noqa: PLC0415  costs seconds that --help does not need

        # Whatever is learned from data is learned from the earlier rows: the later ones may not
        # have been seen, not even by the encoder.
        encoder = self._encoder(early)
        trial = xgb.train(
            self._parameters,
            self._matrix(encoder, early, self.settings.blanked),
            self.settings.rounds,
            evals=[(self._matrix(encoder, late), "stop")],
            early_stopping_rounds=self.settings.patience,
            verbose_eval=False,
        )
        return trial.best_iteration + 1, float(trial.best_score)

    def after(self, rounds: int, examples: Examples) -> "tuple[Encoder, xgb.Booster]":
        """Fit for exactly so many rounds."""
        import xgboost as xgb  # noqa: PLC0415  as above

        encoder = self._encoder(examples)
        matrix = self._matrix(encoder, examples, self.settings.blanked)
        return encoder, xgb.train(self._parameters, matrix, rounds)

    @property
    def _parameters(self) -> dict[str, str | float]:
        settings = self.settings
        return {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "device": settings.device,
            "grow_policy": "lossguide",
            "max_depth": 0,
            "max_leaves": settings.max_leaves,
            "learning_rate": settings.learning_rate,
            "min_child_weight": settings.min_child_weight,
            "seed": settings.seed,
            "nthread": settings.threads,
        }

    def _encoder(self, examples: Examples) -> Encoder:
        chosen = {name: examples.columns[name] for name in self.categories}
        return Encoder.fit(tuple(examples.columns), chosen, self.settings.rare_category)

    def _matrix(self, encoder: Encoder, examples: Examples, blanked: float = 0.0) -> "xgb.DMatrix":
        import xgboost as xgb  # noqa: PLC0415  as above

        part = self.group.part_of(len(examples.label))
        columns = {name: np.asarray(cells)[part] for name, cells in examples.columns.items()}
        cells = encoder.encode(columns)
        if blanked:
            # Drawn for all rows, so that each loses the same cells however many processes train.
            chance = np.random.default_rng(self.settings.seed)
            drawn = chance.random((len(examples.label), cells.shape[1]), dtype=np.float32)
            cells[drawn[part] < blanked] = np.nan
        return xgb.DMatrix(
            cells,
            label=examples.label[part],
            feature_names=list(encoder.features),
            feature_types=encoder.kinds,
            enable_categorical=True,
        )
