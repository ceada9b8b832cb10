"""`mlops-review cost` as a user types it: files, a deployed stack, a stack to preview, mistakes."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

URN = "urn:pulumi:dev::azure-mlops::azure-native:"
VM = {"vmSize": "Standard_D4s_v5", "scaleSettings": {"minNodeCount": 1, "maxNodeCount": 3}}


def state(kind: str, name: str, **inputs) -> dict:
    token = f"azure-native:{kind}"
    return {"urn": f"{URN}{kind}::{name}", "type": token, "custom": True, "inputs": inputs}


STATES = [
    state("network:PrivateEndpoint", "link", location="westeurope"),
    state(
        "machinelearningservices:Compute",
        "cpu",
        location="westeurope",
        properties={"computeType": "AmlCompute", "properties": VM},
    ),
    state("storage:StorageAccount", "data", location="westeurope", sku={"name": "Standard_LRS"}),
    state("network:Subnet", "subnet"),
    state("quantum:Workspace", "q", location="westeurope"),
]
EXPORTED = json.dumps({"version": 3, "deployment": {"resources": STATES}})
PREVIEWED = json.dumps({"steps": [{"op": "create", "newState": one} for one in STATES]})
EMPTY = json.dumps({"version": 3, "deployment": {"manifest": {}}})


def cost(*words: str | Path, folder: Path, path: str | None = None):
    environment = os.environ | ({"PATH": path} if path is not None else {})
    return subprocess.run(
        [sys.executable, "-m", "review.cli", "cost", *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: azure-mlops\n")
    (folder / "Pulumi.dev.yaml").write_text("config: {}\n")
    return folder


def fake_pulumi(folder: Path, script: str) -> str:
    """Return a PATH on which `pulumi` is a script that also writes down how it was called."""
    places = folder / "bin"
    places.mkdir()
    program = places / "pulumi"
    program.write_text(f'#!/bin/sh\necho "$PULUMI_BACKEND_URL $@" >> {folder}/calls\n{script}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{places}:/usr/bin:/bin"


@pytest.mark.parametrize(("option", "text"), [("--state", EXPORTED), ("--preview", PREVIEWED)])
def test_a_file_is_priced(option, text, tmp_path):
    (tmp_path / "file.json").write_text(text)
    ran = cost(option, "file.json", "--json", folder=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    found = json.loads(ran.stdout)
    # One node is 0.23 x 730 = 167.90; the endpoint 0.01 x 730 = 7.30.
    assert found["monthly"] == {"min": 175.2, "max": 511.0}
    assert (found["fixed"], found["scaling"]) == (7.3, {"min": 167.9, "max": 503.7})
    assert (found["stack"], found["currency"]) == ("dev", "USD")
    assert found["not_priced"] == [
        {
            "type": "quantum:Workspace",
            "label": "quantum:Workspace",
            "why": "no model for this type",
            "count": 1,
        }
    ]
    assert found["free"] == {"network:Subnet": 1}
    assert all(each["source"] and each["date"] for each in found["prices"])


def test_the_table_shows_sums_and_what_is_in_none(tmp_path):
    (tmp_path / "file.json").write_text(EXPORTED)
    ran = cost("--state", "file.json", folder=tmp_path)
    assert ran.returncode == 0
    for said in (
        "Cost of dev, US dollars a month",
        "1 to 3 x Standard_D4s_v5",
        "167.90 .. 503.70",
        "175.20 .. 511.00",
        "0.0196 per GB month",
        "Not priced: 1, in no sum",
        "no model for this type",
        "price of westus, not westeurope",
        "Free by themselves: 1 resources of 1 types",
    ):
        assert said in ran.stdout, ran.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give --stack dev, --state FILE or --preview FILE"),
        (("--state", "a", "--preview", "b"), "--state and --preview are both given"),
        (("--state", "none.json"), "none.json cannot be read"),
        (("--state", "bad.json"), "bad.json is not JSON"),
        (("--preview", "empty.json"), "empty.json is empty"),
        (("--nonsense",), "No such option"),
    ],
)
def test_bad_input_is_exit_code_2_and_one_sentence(words, said, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "empty.json").write_text("")
    ran = cost(*words, folder=tmp_path)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_deployed_stack_is_read_from_its_state(project, tmp_path):
    (tmp_path / "state.json").write_text(EXPORTED)
    path = fake_pulumi(tmp_path, f"cat {tmp_path}/state.json")
    ran = cost("-s", "dev", "--json", folder=project, path=path)
    assert json.loads(ran.stdout)["origin"] == "state of dev", ran.stderr
    assert "stack export --stack dev" in (tmp_path / "calls").read_text()


def test_a_stack_that_is_not_deployed_is_previewed_with_a_copy_of_its_file(project, tmp_path):
    (tmp_path / "state.json").write_text(EMPTY)
    (tmp_path / "preview.json").write_text(PREVIEWED)
    path = fake_pulumi(
        tmp_path,
        f"case $1 in stack) cat {tmp_path}/state.json;; *) cat {tmp_path}/preview.json;; esac",
    )
    ran = cost("-s", "dev", "--json", folder=project, path=path)
    assert json.loads(ran.stdout)["origin"] == "preview of dev", ran.stderr
    last = (tmp_path / "calls").read_text().splitlines()[-1]
    assert "preview --json --show-sames --stack dev --config-file" in last
    assert str(project) not in last
    assert (project / "Pulumi.dev.yaml").read_text() == "config: {}\n"


def test_a_stack_that_the_backend_does_not_know_is_previewed_in_one_of_its_own(project, tmp_path):
    (tmp_path / "preview.json").write_text(PREVIEWED)
    path = fake_pulumi(
        tmp_path,
        'case "$1 $2" in "stack export") echo "error: no stack named dev found" >&2; exit 255;;'
        f' "preview --json") cat {tmp_path}/preview.json;; esac',
    )
    ran = cost("-s", "dev", "--json", folder=project, path=path)
    assert json.loads(ran.stdout)["monthly"] == {"min": 175.2, "max": 511.0}, ran.stderr
    made, previewed = (tmp_path / "calls").read_text().splitlines()[-2:]
    assert made.startswith("file://")
    assert "stack init dev --no-select" in made
    assert previewed.split()[0] == made.split()[0]
    assert not Path(made.split()[0].removeprefix("file://")).exists()


@pytest.mark.parametrize(
    ("script", "stack", "said"),
    [
        ("echo 'error: no stack named x found' >&2; exit 255", "x", "there is no stack x here"),
        ("echo 'error: access denied' >&2; exit 1", "dev", "`pulumi stack` failed: error: access"),
        ("echo nonsense", "dev", "state of dev is not JSON"),
    ],
)
def test_what_the_engine_refuses_is_told(script, stack, said, project, tmp_path):
    ran = cost("-s", stack, folder=project, path=fake_pulumi(tmp_path, script))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_a_folder_without_a_project_is_told(tmp_path):
    ran = cost("-s", "dev", folder=tmp_path)
    assert ran.returncode == 2
    assert "no Pulumi.yaml in" in ran.stderr


def test_an_engine_that_is_not_there_is_told(project):
    ran = cost("-s", "dev", folder=project, path="/nowhere")
    assert ran.returncode == 2
    assert "the pulumi command is not on PATH" in ran.stderr
