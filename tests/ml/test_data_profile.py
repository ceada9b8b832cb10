"""The profile step counts examples in frozen cells; engines are chosen by name."""

import json
import subprocess
import sys

import pytest
from azure.ai.ml import load_component

from ml.data.engine import opened
from ml.drift.bins import Bins
from ml.drift.profile import read
from ml.errors import PlatformError, TaskError
from ml.pipelines.learning import COMPONENTS
from ml.steps import profile as step
from ml.steps.profile import profile


def test_every_row_is_counted_once_in_each_feature(flights, made, tmp_path):
    profile(flights, made.train, tmp_path)
    found = read((tmp_path / step.PROFILE).read_text())
    rows = sum(
        period["rows"] for period in json.loads((made.train / "about.json").read_text())["periods"]
    )
    assert set(found.columns) == set(flights.feature_names)
    assert found.rows.sum() == rows
    for name, cells in found.columns.items():
        assert cells.counts.sum() + cells.nulls.sum() == rows, name
    about = json.loads((tmp_path / step.ABOUT).read_text())
    assert about["rows"] == rows
    assert about["profile"] == found.digest


def test_a_later_window_is_counted_in_the_cells_of_the_reference(flights, made, tmp_path):
    reference, later = tmp_path / "reference", tmp_path / "later"
    for folder in (reference, later):
        folder.mkdir()
    first = profile(flights, made.train, reference)
    second = profile(flights, made.holdout, later, reference)
    assert second.bins == first.bins
    assert (later / step.BINS).read_bytes() == (reference / step.BINS).read_bytes()
    Bins.model_validate_json((later / step.BINS).read_text())


def test_a_folder_that_is_none_says_which_is_wanted(flights, made, tmp_path):
    with pytest.raises(TaskError, match=r"has no examples\.parquet; give a folder that prepare"):
        profile(flights, tmp_path, tmp_path)
    with pytest.raises(TaskError, match=r"has no bins\.json; give the folder of the reference"):
        profile(flights, made.train, tmp_path, tmp_path)
    (tmp_path / step.BINS).write_text("{}")
    with pytest.raises(TaskError, match="holds no cells of this version"):
        profile(flights, made.train, tmp_path, tmp_path)


def test_an_engine_that_is_not_there_says_what_to_do():
    with pytest.raises(TaskError, match="no engine 'pandas'; give one of duckdb, spark"):
        opened("pandas")
    with (
        pytest.raises(PlatformError, match=r"install requirements/spark\.txt"),
        opened("spark"),
    ):
        pass


def test_the_step_explains_itself():
    ran = subprocess.run(
        [sys.executable, "-m", "ml.steps.profile", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "usage: python -m ml.steps.profile" in ran.stdout


@pytest.mark.parametrize(("name", "optional"), [("ingest", "previous"), ("profile", "reference")])
def test_what_may_be_left_out_is_optional_in_the_component(name, optional):
    component = load_component(COMPONENTS / f"{name}.yaml")
    assert component.inputs[optional].optional
    assert f"$[[--{optional} ${{{{inputs.{optional}}}}}]]" in component.command
