"""Cells that training leaves empty, so that a missing answer does not end in nonsense."""

import numpy as np
import pytest

from ml import training
from ml.distributed import Group
from ml.errors import TaskError
from ml.steps.train import with_values
from ml.task import Training

ROWS = 6000


@pytest.fixture(scope="module")
def people():
    """The label is what age says, and nothing else knows of it but a noisy copy."""
    chance = np.random.default_rng(1)
    age = chance.uniform(0, 90, ROWS).astype(np.float32)
    hint = (age + chance.normal(0, 15, ROWS)).astype(np.float32)
    label = (age > 40).astype(np.int8)
    period = np.where(np.arange(ROWS) < ROWS // 2, "2015", "2016")
    time = np.full(ROWS, np.datetime64("2015-01-01", "s"))
    return training.Examples({"age": age, "hint": hint}, label, period, time)


def settings(blanked: float) -> Training:
    return Training(
        seed=1,
        threads=1,
        rounds=60,
        patience=10,
        learning_rate=0.2,
        max_leaves=15,
        min_child_weight=5,
        rare_category=1,
        blanked=blanked,
    )


def brier_without_age(people, blanked: float) -> float:
    fitted = training.fit(people, (), settings(blanked), 1)
    nothing = np.full(ROWS, np.nan, dtype=np.float32)
    score = fitted.scorer.score({**people.columns, "age": nothing})
    return float(np.mean((score - people.label) ** 2))


def test_a_model_that_met_empty_cells_has_an_answer_without_its_best_feature(people):
    base = float(np.var(people.label))
    assert brier_without_age(people, 0.0) > base  # worse than knowing nothing at all
    assert brier_without_age(people, 0.05) < base / 2


def test_which_cells_are_empty_depends_on_the_seed_alone(people):
    first, again = (training.fit(people, (), settings(0.05), 1) for _ in range(2))
    assert first.scorer.booster.save_raw() == again.scorer.booster.save_raw()


@pytest.mark.parametrize("size", [2, 3])
def test_each_row_loses_the_same_cells_however_many_processes_train(people, size):
    encoder = training.Encoder.fit(("age", "hint"), {})

    def matrix(group: Group) -> np.ndarray:
        boosting = training._Boosting((), settings(0.3), group)
        return boosting._matrix(encoder, people, 0.3).get_data().toarray()

    parts = [matrix(Group(rank, size, "127.0.0.1", 1)) for rank in range(size)]
    np.testing.assert_array_equal(np.vstack(parts), matrix(Group()))


def test_a_share_is_below_one(flights):
    assert with_values(flights, {}).settings.training.blanked == 0.0
    with pytest.raises(TaskError, match="blanked"):
        with_values(flights, {"blanked": 1.0})


def test_a_device_that_is_not_there_is_refused_and_not_replaced_in_silence(people):
    wanted = settings(0.0).model_copy(update={"device": "cuda"})
    with pytest.raises(TaskError, match="no GPU here that xgboost can use"):
        training.fit(people, (), wanted, 1)
