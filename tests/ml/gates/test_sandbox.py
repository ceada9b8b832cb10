"""A model runs in a fresh process, and only if it brings no code of its own."""

import os
import shutil

import pytest
import yaml

from ml import mlflow_model
from ml.gates import foreign_code
from ml.gates.outcome import Outcome
from ml.gates.policy import Sandbox
from ml.gates.rules import sandbox


@pytest.fixture
def model(saved, tmp_path):
    """A copy of the model, which a test may change."""
    shutil.copytree(saved, tmp_path / "model")
    return tmp_path / "model"


def described(model, change):
    path = model / "MLmodel"
    document = yaml.safe_load(path.read_text())
    change(document)
    path.write_text(yaml.safe_dump(document))


def test_a_model_that_train_wrote_loads_and_answers(saved):
    found = sandbox.judge(saved, Sandbox())
    assert found.outcome is Outcome.PASS
    assert found.findings[1].value == mlflow_model.EXAMPLE_ROWS
    assert not list(saved.rglob("__pycache__"))


def test_code_that_is_not_ours_is_never_run(model, tmp_path):
    trace = tmp_path / "it-ran"
    scorer = model / "code" / "tabular_scorer.py"
    scorer.write_text(f"open({str(trace)!r}, 'w')\n" + scorer.read_text())
    found = sandbox.judge(model, Sandbox())
    assert found.outcome is Outcome.FAIL
    assert "code/tabular_scorer.py differs from this repository's" in found.reason
    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    [
        "code/helper.py",
        "code/__pycache__/tabular_scorer.cpython-311.pyc",
        "code/tabular_scorer.cpython-311-x86_64-linux-gnu.so",
        "code/numpy.json",
        "sitecustomize.py",
        "data/scorer/model.pkl",
        "run.sh",
        "python_model",
    ],
)
def test_files_that_could_be_code_are_named(model, name):
    path = model / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x00")
    assert foreign_code.found(model) == [
        f"{name} could be code; the only code of a model is code/tabular_scorer.py"
    ]


def test_cards_and_plots_are_no_code(model):
    for name in ("card.md", "card.html", "plots/calibration.svg", "lineage.json"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_text("x")
    assert foreign_code.found(model) == []


def test_links_are_named(model):
    (model / "data" / "more.json").symlink_to(os.devnull)
    assert "is a link" in foreign_code.found(model)[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda found: found["flavors"]["python_function"].update(loader_module="os"),
            "MLmodel has loader_module 'os', wanted 'tabular_scorer'",
        ),
        (
            lambda found: found["flavors"]["python_function"].update(code="data"),
            "MLmodel has code 'data', wanted 'code'",
        ),
        (
            lambda found: found["flavors"].update(sklearn={"pickled_model": "model.pkl"}),
            "MLmodel has the flavors python_function, sklearn",
        ),
        (lambda found: found.update(flavors=None), "MLmodel has the flavors none"),
    ],
)
def test_another_way_to_load_the_model_is_named(model, change, said):
    described(model, change)
    assert said in foreign_code.found(model)[0]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("requirements.txt", "evil==1.0"),
        ("requirements.txt", "--index-url=https://example.org"),
        ("requirements.txt", "numpy @ https://example.org/numpy.whl"),
        ("requirements.txt", "numpy"),
    ],
)
def test_what_a_server_would_install_is_ours(model, file, line):
    path = model / file
    path.write_text(path.read_text() + f"\n{line}\n")
    assert foreign_code.found(model) == [f"{file} asks for {line!r}, which train never writes"]


def test_conda_channels_and_packages_are_ours(model):
    path = model / "conda.yaml"
    document = yaml.safe_load(path.read_text())
    document["channels"].append("evil")
    document["dependencies"] += ["curl", {"pip": ["evil==1"]}]
    path.write_text(yaml.safe_dump(document))
    found = foreign_code.found(model)
    assert len(found) == 3
    assert "channels ['conda-forge', 'evil']" in found[0]
    path = model / "python_env.yaml"
    path.write_text("build_dependencies: [evil]\ndependencies: [-r other.txt]\n")
    assert len(foreign_code.found(model)) == 5


def test_a_folder_without_a_model_is_named(tmp_path):
    assert "there is no MLmodel" in foreign_code.found(tmp_path)[0]


def test_the_process_gets_nothing_of_who_runs_it(model, tmp_path, monkeypatch):
    child = tmp_path / "child.py"
    child.write_text(
        "import json, os, sys\n"
        "names = sorted(os.environ)\n"
        "print(json.dumps({'rows': 0, 'scores': [], 'names': names}))\n"
        "sys.exit(' '.join(names) + ' in ' + os.getcwd())\n"
    )
    monkeypatch.setattr(sandbox, "CHILD", child)
    monkeypatch.setenv("MSI_SECRET", "secret")
    monkeypatch.setenv("DEFAULT_IDENTITY_CLIENT_ID", "gate")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = sandbox.run(model, 60).problem
    assert "HOME" in said
    assert "mlops-sandbox-" in said
    assert not [name for name in ("MSI_SECRET", "DEFAULT_IDENTITY", "PYTHONPATH") if name in said]


def test_a_model_that_does_not_load_or_answer_fails(model, monkeypatch, tmp_path):
    (model / "data" / "scorer" / "booster.ubj").write_bytes(b"no booster")
    found = sandbox.judge(model, Sandbox())
    assert found.outcome is Outcome.FAIL
    assert "the process ended with 1" in found.reason
    child = tmp_path / "child.py"
    child.write_text("import time; time.sleep(60)")
    monkeypatch.setattr(sandbox, "CHILD", child)
    assert "no answer within 0.5 s" in sandbox.judge(model, Sandbox(seconds=0.5)).reason


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ('{"rows": 5, "scores": [0.5]}', "1 answers for 5 rows"),
        ('{"rows": 5, "scores": [0.5, 0.5, 0.5, 0.5, 2]}', "not all answers are probabilities"),
        ('{"rows": 5, "scores": [0.5, 0.5, 0.5, 0.5, 0.5]}', "answers differ by up to"),
    ],
)
def test_answers_are_compared_with_the_gates_own(saved, monkeypatch, tmp_path, answer, said):
    child = tmp_path / "child.py"
    child.write_text(f"print('''{answer}''')")
    monkeypatch.setattr(sandbox, "CHILD", child)
    found = sandbox.judge(saved, Sandbox())
    assert found.outcome is Outcome.FAIL
    assert said in found.reason
