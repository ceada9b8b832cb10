"""The pipeline is built and checked without a workspace, and its files agree with each other."""

import re
from pathlib import Path

import pytest
import yaml

from ml import code_version, environments, run_step
from ml.errors import TaskError
from ml.pipelines import learning, train, would_help
from ml.steps.prepare import newest

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "steps.txt"


@pytest.fixture(scope="module")
def job(flights):
    return build(flights)


KEY = "https://test.vault.azure.net/keys/verdicts"


def build(flights, champion=None, **more):
    return train.build(
        flights,
        data="azureml:flights-raw:9b62",
        compute="cpu",
        code_version="code-1",
        gate=train.Gate(key=KEY, compute="gates", champion=champion),
        **more,
    )


@pytest.fixture(scope="module")
def document(job):
    return yaml.safe_load(str(job))


def test_the_job_is_valid_before_it_is_sent(job):
    assert job._validate().passed
    assert job.name is None  # nothing was submitted


def test_the_steps_follow_each_other(document):
    assert list(document["jobs"]) == list(train.STEPS)
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
        "validate": ["ingest"],
        "prepare": ["ingest", "validate"],
        "profile": ["prepare"],
        "skew": ["ingest"],
        "train": ["prepare"],
        "evaluate": ["prepare", "skew", "train"],
        "reference": ["prepare", "train"],
        "gate": ["prepare", "train"],
        "card": ["evaluate", "gate", "prepare", "train"],
        "register": ["card", "evaluate", "gate", "reference", "train"],
    }


def test_judging_and_registering_run_under_an_identity_of_their_own(document):
    computes = {step: node.get("compute") for step, node in document["jobs"].items()}
    assert computes == {
        step: "azureml:gates" if step in {"gate", "register"} else None for step in document["jobs"]
    }
    keys = {step for step, node in document["jobs"].items() if node["inputs"].get("key") == KEY}
    assert keys == {"gate", "register"}


def test_the_gate_meets_the_champion_where_there_is_one(flights, document):
    assert "champion" not in document["jobs"]["gate"]["inputs"]
    inputs = yaml.safe_load(str(build(flights, champion="3")))["jobs"]["gate"]["inputs"]
    assert inputs["champion"] == {"type": "mlflow_model", "path": "azureml:flights-late:3"}
    assert inputs["champion_version"] == "3"


def test_training_never_gets_the_hold_out(document):
    assert document["jobs"]["train"]["inputs"]["examples"]["path"].endswith("outputs.train}}")
    assert document["jobs"]["evaluate"]["inputs"]["holdout"]["path"].endswith("outputs.holdout}}")


def test_the_months_are_inputs_of_the_pipeline(document, flights):
    split = flights.settings.split
    assert document["inputs"]["train_to"] == split.train[1]
    assert document["inputs"]["holdout_from"] == split.holdout[0]
    assert document["settings"]["default_compute"] == "azureml:cpu"


def test_asking_whether_training_would_help_shares_the_steps_and_asks_no_gate(flights, document):
    job = would_help.build(flights, data="azureml:flights-raw:9b62", compute="cpu", champion="3")
    assert job._validate().passed
    asks = yaml.safe_load(str(job))
    assert list(asks["jobs"]) == list(would_help.STEPS)
    assert all(node.get("compute") is None for node in asks["jobs"].values())
    assert asks["settings"]["default_compute"] == "azureml:cpu"
    for step in ("ingest", "validate", "prepare", "train"):
        mine, theirs = (each["jobs"][step] for each in (asks, document))
        for part in ("component", "inputs"):
            assert mine[part] == theirs[part], "else nothing is reused"
    given = asks["jobs"]["would_help"]["inputs"]
    assert given["champion"]["path"] == "azureml:flights-late:3"
    assert given["model"]["path"].endswith("jobs.train.outputs.model}}")


def test_every_step_runs_in_the_one_environment(document):
    used = {node["component"]["environment"] for node in document["jobs"].values()}
    assert used == {environments.reference()}


def test_only_what_speaks_for_one_job_may_not_be_reused(document):
    kept = {step: node["component"]["is_deterministic"] for step, node in document["jobs"].items()}
    assert kept == {step: step not in {"gate", "register"} for step in train.STEPS}


def test_every_component_passes_arguments_that_its_step_knows():
    for step in {*train.STEPS, *would_help.STEPS}:
        component = yaml.safe_load((learning.COMPONENTS / f"{step}.yaml").read_text())
        words = component["command"].split()
        assert words[:3] == ["python", "run_step.py", step]
        code = (ROOT / "ml" / "steps" / f"{step}.py").read_text()
        shared = (ROOT / "ml" / "steps" / "command.py").read_text()
        options = (word.removeprefix("$[[") for word in words)
        for option in (word for word in options if word.startswith("--")):
            known = f'"{option}"' in code + shared or option[2:] in code
            assert known, f"{step}: {option}"
        named = {*component["inputs"], *component["outputs"]}
        assert named == set(
            re.findall(r"\$\{\{(?:inputs|outputs)\.(\w+)\}\}", component["command"])
        )


def test_the_environment_is_what_the_lock_says():
    components = {path.name: path.read_text() for path in environments.COMPONENTS.glob("*.yaml")}
    for path, text in environments.generated(LOCK.read_text(), components).items():
        assert path.read_text() == text, f"{path.name}: run `python -m ml.environments`"


def test_every_pin_of_the_environment_names_one_version():
    conda = yaml.safe_load(environments.CONDA.read_text())
    pins = conda["dependencies"][-1]["pip"]
    assert {"xgboost-cpu", "azureml-mlflow", "duckdb"} <= {pin.split("==")[0] for pin in pins}
    assert all("==" in pin and "\\" not in pin for pin in pins)
    definition = yaml.safe_load(environments.DEFINITION.read_text())
    assert ":latest" not in definition["image"]
    assert ":" in definition["image"]


def test_another_pin_gives_another_version():
    lock = "numpy==1.0 \\\n    --hash=sha256:0\npandas==2.0 ; python_version < '3.12' \\\n"
    first = environments.generated(lock, {"a.yaml": "environment: azureml:x:1\n"})
    other = environments.generated(lock.replace("1.0", "1.1"), {"a.yaml": "environment: x\n"})
    assert yaml.safe_load(first[environments.CONDA])["dependencies"][-1]["pip"] == [
        "numpy==1.0",
        "pandas==2.0 ; python_version < '3.12'",
    ]
    component = environments.COMPONENTS / "a.yaml"
    assert first[component].startswith("environment: azureml:mlops-steps:")
    assert first[component] != other[component]


def test_a_lock_without_pins_is_refused():
    with pytest.raises(TaskError, match="no line such as"):
        environments.generated("", {})


def test_what_is_sent_holds_the_steps_and_not_the_command_line():
    ignored = (ROOT / "ml" / ".amlignore").read_text().split()
    assert {f"{name}/" for name in code_version.LOCAL} <= set(ignored)
    needed = {"steps/", "data/", "tasks/", "pipelines/", "components/", "environments/"}
    assert not needed & set(ignored)
    assert Path(run_step.HERE) == ROOT / "ml"


def test_the_code_version_is_one_word_with_the_content():
    version = code_version.current()
    assert len(version.split()) == 1
    assert f"code:{code_version.content()}" in version


def test_without_git_the_content_alone_is_the_version(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert code_version.current() == f"code:{code_version.content()}"


def test_a_file_that_arrives_joins_the_data_before_it_and_the_newest_period_judges(flights):
    job = build(flights, arrival=True)
    inputs = job.component.inputs
    assert {name: one.type for name, one in inputs.items()} == {
        "arrived": "uri_file", "as_of": "string",
    }  # fmt: skip
    steps = yaml.safe_load(str(job))["jobs"]
    assert list(steps) == ["ingest_earlier_1", *train.STEPS]
    assert steps["ingest_earlier_1"]["inputs"]["raw"]["path"] == "azureml:flights-raw:9b62"
    assert "arrived" in steps["ingest"]["inputs"]["raw"]["path"]
    asked = steps["prepare"]["inputs"]
    assert [asked[name] for name in ("train_from", "train_to", "holdout_from")] == [
        "newest-2", "newest-1", "newest",
    ]  # fmt: skip
    assert steps["gate"]["compute"] == "azureml:gates"


def test_a_scheduled_training_takes_what_is_newest_then(flights):
    asked = {"as_of": "now", **newest(2)}
    inputs = yaml.safe_load(str(build(flights, asked=asked)))["inputs"]
    assert {name: inputs[name] for name in ("as_of", *train.NEWEST)} == {
        "as_of": "now", **train.NEWEST,
    }  # fmt: skip
