"""The step as a job runs it: its pipeline, its component, and nothing but what is sent."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ml import code_version, environments
from ml.pipelines import accept

PACKAGE = Path(accept.__file__).parents[1]
KEY = "https://staging.vault.azure.net/keys/verdicts"


@pytest.fixture(scope="module")
def job():
    subject = accept.Subject(
        task="flights",
        name="flights-late",
        version="3",
        digest="d" * 64,
        endpoint="flights-1",
        deployment="v3-dddddddd",
    )
    return accept.build(
        subject, key=KEY, compute="gate", environment="azureml:mlops-steps:1", code_version="c"
    )


def test_the_job_runs_on_the_gates_cluster_with_the_registered_model(job):
    assert job._validate().passed
    document = yaml.safe_load(str(job))
    assert document["settings"]["default_compute"] == "azureml:gate"
    assert document["inputs"]["model"]["path"] == "azureml:flights-late:3"
    assert list(document["jobs"]) == list(accept.STEPS)
    assert document["jobs"]["accept"]["inputs"]["key"] == KEY


def test_the_component_passes_arguments_that_its_step_knows():
    component = yaml.safe_load((accept.COMPONENTS / "accept.yaml").read_text())
    assert component["environment"] == environments.reference(), "run `python -m ml.environments`"
    assert component["is_deterministic"] is False
    ran = subprocess.run(
        [sys.executable, "-m", "ml.steps.accept", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = set(re.findall(r"--[a-z-]+", component["command"]))
    assert told <= set(re.findall(r"--[a-z-]+", ran.stdout))
    named = set(re.findall(r"\$\{\{(?:inputs|outputs)\.(\w+)\}\}", component["command"]))
    assert named == {*component["inputs"], *component["outputs"]}


@pytest.mark.parametrize("step", ["accept", "release_control"])
def test_what_is_sent_to_run_is_enough_for_steps_that_reach_endpoints(tmp_path, step):
    ignored = shutil.ignore_patterns("__pycache__", *code_version.LOCAL)
    shutil.copytree(PACKAGE, tmp_path / "ml", ignore=ignored)
    used = {
        "accept": "ml.acceptance.running, ml.acceptance.kept, ml.acceptance.calling",
        "release_control": "ml.release.opening, ml.release.crowning",
    }
    code = f"import ml.steps.{step}, ml.serving.deploying, {used[step]}; print(ml.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(tmp_path))
