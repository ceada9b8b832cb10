"""The scoring pipeline is built without a workspace, and its entry script starts as there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ml import environments
from ml.pipelines import score
from ml.scoring import parallel_entry, scored
from ml.scoring import plan as plans
from ml.scoring.plan import Model
from ml.steps.score import score as score_here

ROOT = Path(__file__).parents[3]
MODEL = Model(name="flights-late", version="3", digest="d" * 64)
KEPT = "azureml://datastores/workspaceblobstore/paths/scoring/flights"
# What Azure ML does: the folder `ml` is the working folder, and has another name.
DRIVER = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("entry", "scoring/parallel_entry.py")
entry = importlib.util.module_from_spec(spec)
spec.loader.exec_module(entry)
batches = json.loads(sys.argv.pop(1))
entry.init()
print(json.dumps([entry.run([file]) for file in batches]))
"""


def build(flights, kept=None):
    return score.build(
        flights,
        data="azureml:flights-raw:9b62",
        model=MODEL,
        compute="cpu",
        as_of="2014-01-01T06:00:00",
        kept=kept,
        size=score.Size(nodes=2, processes=3, batch_rows=1000),
    )


@pytest.fixture(scope="module")
def document(flights):
    job = build(flights, KEPT)
    assert job._validate().passed
    return yaml.safe_load(str(job))


def test_the_steps_follow_each_other(document):
    sources = {
        step: sorted(
            {
                bound["path"].split(".")[2]
                for bound in node["inputs"].values()
                if isinstance(bound, dict) and "parent.jobs" in bound["path"]
            }
        )
        for step, node in document["jobs"].items()
    }
    assert sources == {
        "ingest": [],
        "score_validate": ["ingest"],
        "score_prepare": ["ingest", "score_validate"],
        "score": ["score_prepare"],
        "score_merge": ["score", "score_prepare"],
    }
    assert tuple(sources) == score.STEPS


def test_the_model_is_asked_for_by_name_version_and_digest(document):
    assert document["inputs"]["model"] == {"type": "mlflow_model", "path": "azureml:flights-late:3"}
    assert document["inputs"]["model_digest"] == MODEL.digest
    for step in ("score", "score_merge"):
        given = document["jobs"][step]["inputs"]["model_digest"]
        assert given == {"path": "${{parent.inputs.model_digest}}"}


def test_scoring_is_spread_and_no_mini_batch_may_fail(document):
    node = document["jobs"]["score"]
    assert node["resources"]["instance_count"] == 2
    assert node["max_concurrency_per_instance"] == 3
    assert node["mini_batch_error_threshold"] == 0
    assert node["mini_batch_size"] == "1"


def test_only_the_package_is_uploaded_also_with_the_parallel_task(document):
    node = document["jobs"]["score"]
    assert node["task"]["code"] == node["component"]["task"]["code"] == str(ROOT / "ml")


def test_scores_stay_in_a_folder_where_one_is_given(document, flights):
    assert document["jobs"]["score"]["outputs"]["scores"]["path"] == KEPT
    other = yaml.safe_load(str(build(flights)))["jobs"]["score"]
    assert "path" not in other.get("outputs", {}).get("scores", {})


def test_every_component_runs_in_the_one_environment():
    for step in score.STEPS:
        component = yaml.safe_load((score.COMPONENTS / f"{step}.yaml").read_text())
        used = component.get("task", component)["environment"]
        assert used == environments.reference(), f"{step}: run `python -m ml.environments`"


@pytest.mark.parametrize("step", [step for step in score.STEPS if step.startswith("score")])
def test_every_component_passes_arguments_that_its_step_knows(step):
    component = yaml.safe_load((score.COMPONENTS / f"{step}.yaml").read_text())
    named = {*component["inputs"], *component["outputs"]}
    if step == "score":
        task = component["task"]
        told = task["program_arguments"]
        assert ROOT / "ml" / task["entry_script"] == Path(parallel_entry.__file__)
        named -= {"batches", "log"}  # what Azure ML reads and writes itself
        known = {"--plan", "--model", "--scores", "--model-name", "--model-version"}
        known |= {"--model-digest"}
    else:
        told = component["command"]
        assert told.split()[:3] == ["python", "run_step.py", step]
        ran = subprocess.run(
            [sys.executable, "-m", f"ml.steps.{step}", "--help"],
            capture_output=True,
            text=True,
            check=True,
        )
        known = set(re.findall(r"--[a-z-]+", ran.stdout))
    assert {word for word in told.split() if word.startswith("--")} <= known
    assert named == set(re.findall(r"\$\{\{(?:inputs|outputs)\.(\w+)\}\}", told))


def test_the_entry_script_scores_as_azure_ml_starts_it(world, flights, tmp_path):
    score_here(flights, world.run(tmp_path, batch_rows=400), world.wanted)
    code = tmp_path / "uploaded"
    code.symlink_to(ROOT / "ml")
    plan = plans.read(tmp_path / "work" / "plan")
    files = [str(tmp_path / "work" / "batches" / batch.file) for batch in plan.batches]
    given = {
        "plan": tmp_path / "work" / "plan",
        "model": world.model,
        "model-name": world.wanted.name,
        "model-version": world.wanted.version,
        "model-digest": world.wanted.digest,
        "scores": tmp_path / "elsewhere",
        "amlbi_added_by_azure": "1",
    }
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, json.dumps(files), *words],
        cwd=code,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    lines = json.loads(ran.stdout.splitlines()[-1])
    assert lines == [[f"{batch.file} {batch.rows} scored"] for batch in plan.batches]
    folder = scored.folder_of(tmp_path / "elsewhere", plan, world.wanted)
    assert all(
        scored.is_scored(folder / batch.file, plan, world.wanted, batch) for batch in plan.batches
    )
