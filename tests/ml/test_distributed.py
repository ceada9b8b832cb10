"""Training by several processes: who takes part, and that the model does not depend on it."""

import os
import socket
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml import metrics, mlflow_model
from ml.data import examples
from ml.distributed import Group, from_environment
from ml.errors import TaskError
from ml.steps.train import train

LAUNCHED = {
    "RANK": "1",
    "WORLD_SIZE": "2",
    "MASTER_ADDR": "10.0.0.4",
    "MASTER_PORT": "6105",
}


def test_without_a_launcher_a_process_is_alone():
    assert from_environment({}) == Group(0, 1)
    assert from_environment({"WORLD_SIZE": "1", "RANK": "0"}).leads


def test_the_launcher_says_who_takes_part():
    group = from_environment(LAUNCHED)
    assert group == Group(1, 2, "10.0.0.4", 6105)
    assert not group.leads


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("RANK", "2", "RANK is 2 while WORLD_SIZE is 2; wanted 0 to 1"),
        ("RANK", "first", "RANK is 'first'; wanted a number"),
        ("WORLD_SIZE", "0", "WORLD_SIZE is 0"),
        ("MASTER_ADDR", "", "MASTER_ADDR is not set"),
        ("MASTER_PORT", "", "MASTER_PORT is ''; wanted a number"),
    ],
)
def test_a_launcher_that_makes_no_sense_is_refused(name, value, message):
    with pytest.raises(TaskError, match=message):
        from_environment({**LAUNCHED, name: value})


@given(rows=st.integers(0, 10_000), size=st.integers(1, 64))
def test_every_row_is_in_exactly_one_process(rows, size):
    parts = [range(rows)[Group(rank, size).part_of(rows)] for rank in range(size)]
    assert [row for part in parts for row in part] == list(range(rows))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


def test_two_processes_train_what_one_does(flights, made, tmp_path):
    train(flights, made.train, tmp_path / "one")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    launched = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    command = [sys.executable, "-m", "ml.steps.train", "--examples", str(made.train)]
    processes = [
        subprocess.Popen(
            [*command, "--model", str(tmp_path / "two")],
            env={**os.environ, **launched, "RANK": str(rank)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(2)
    ]
    said = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    rows = examples.read(made.holdout, examples.about(made.holdout, "holdout"))
    one, two = (mlflow_model.load(tmp_path / name).score(rows.columns) for name in ("one", "two"))
    # Quantiles are merged from two sketches, so trees may split a little beside.
    assert np.corrcoef(one, two)[0, 1] > 0.97
    best, other = metrics.auc(rows.label, one), metrics.auc(rows.label, two)
    assert best is not None
    assert other == pytest.approx(best, abs=0.01)
