"""The command: help, errors that say what to do next, progress, and what it prints."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ml.cli import app, stack, training
from ml.cli.follow import Progress, follow, line, table
from ml.errors import PlatformError
from ml.pipelines.train import STEPS
from ml.place import Place
from ml.workspace import RegisteredModel, Run

COMMANDS = ["train", "jobs", "steps", "logs", "cancel", "models", "explain", "lineage"]
KEY = "https://test.vault.azure.net/keys/verdicts"
OUTPUTS = {
    "subscription_id": "s",
    "resource_group": "rg",
    "workspace": "mlw",
    "cpu_cluster": "c",
    "gate_cluster": "g",
    "verdict_key": KEY,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0
    assert "--stack" in answer.output


def fake_pulumi(folder: Path, script: str) -> str:
    """Put a program named pulumi into a folder and return a PATH that finds it first."""
    program = folder / "pulumi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def mlops(*words: str, cwd: Path, path: str) -> subprocess.CompletedProcess[str]:
    code = "from ml.cli import main; main()"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AZUREML_")},
        "PATH": path,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("words", "script", "project", "said"),
    [
        (["jobs"], "exit 1", True, "no workspace given: add --stack dev"),
        (["jobs", "--workspace", "w"], "exit 1", True, "--subscription, --resource-group missing"),
        (["jobs", "-s", "dev"], "exit 1", False, "no Pulumi.yaml in"),
        (
            ["train", "-s", "qa"],
            "echo \"error: no stack named 'qa' found\" >&2; exit 255",
            True,
            "there is no stack qa here yet; run `make up STACK=qa`",
        ),
        (["models", "-s", "dev"], "echo {}", True, "nothing is deployed yet; run `make up"),
        (["models", "-s", "dev"], "echo '{\"a\": 1}'", True, "exports no subscription_id"),
        (["jobs", "-s", "dev"], "echo bad passphrase >&2; exit 1", True, "bad passphrase"),
    ],
)
def test_an_error_is_one_sentence_that_says_what_to_do(tmp_path, words, script, project, said):
    folder = tmp_path / "here"
    folder.mkdir()
    if project:
        (folder / "Pulumi.yaml").write_text("name: x\n")
    ran = mlops(*words, cwd=folder, path=fake_pulumi(tmp_path, script))
    assert ran.returncode == 1
    assert ran.stderr.startswith("error: ")
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_without_pulumi_the_options_are_offered(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    ran = mlops("jobs", "-s", "dev", cwd=tmp_path, path=str(tmp_path))
    assert "the pulumi command is not on PATH" in ran.stderr
    assert "--subscription" in ran.stderr


def test_the_project_is_found_from_a_folder_below(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert stack.project(below) == tmp_path


def test_the_stack_outputs_name_workspace_clusters_and_key():
    target = stack.of_outputs("dev", OUTPUTS)
    assert target == stack.Target(Place("s", "rg", "mlw"), "c", "g", KEY, stack="dev")


def test_options_need_no_stack():
    found = stack.find(stack.Chosen(None, "s", "rg", "mlw"))
    assert found == stack.Target(Place("s", "rg", "mlw"), "cpu")


class Clock:
    """A clock that moves when someone waits."""

    def __init__(self):
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


class Scripted:
    """A workspace that answers what a test wrote down, one entry a question."""

    def __init__(self, *moments: tuple[str, dict[str, str]]):
        self.moments = list(moments)
        self.at = -1

    def job(self, name: str) -> Run:
        self.at = min(self.at + 1, len(self.moments) - 1)
        return Run(name, "train_flights", self.moments[self.at][0])

    def steps(self, job: str) -> list[Run]:
        return [
            Run(f"run-{title}", title, status) for title, status in self.moments[self.at][1].items()
        ]


def followed(*moments, console: Console | None = None):
    clock, output = Clock(), io.StringIO()
    progress = Progress.of(("one", "two", "three"), clock)
    shown = console or Console(file=output, width=200)
    follow(Scripted(*moments), Run("job-1", "x", "Running"), progress, shown, clock.wait)
    return progress, output.getvalue()


def test_a_log_gets_one_line_for_each_change():
    progress, said = followed(
        ("Running", {"one": "Running"}),
        ("Running", {"one": "Running"}),
        ("Running", {"one": "Completed", "two": "Running"}),
        ("Completed", {"one": "Completed", "two": "Completed", "three": "Completed"}),
    )
    lines = [line.split(maxsplit=2)[2] for line in said.splitlines()]
    assert lines == [
        "one: Running",
        "one: Completed after 2.0 s",
        "two: Running",
        "two: Completed after 1.0 s",
        "three: Completed after 0.0 s",
    ]
    assert "\x1b" not in said
    assert not progress.failed


def test_dependants_of_a_failed_step_are_skipped():
    progress, said = followed(
        ("Running", {"one": "Running"}), ("Failed", {"one": "Failed", "two": "Canceled"})
    )
    assert {title: step.status for title, step in progress.steps.items()} == {
        "one": "Failed",
        "two": "skipped",
        "three": "skipped",
    }
    assert [step.run for step in progress.failed] == ["run-one"]
    assert "two: skipped" in said


def test_a_reused_step_says_so_instead_of_how_long_it_took():
    progress = Progress.of(("one",), Clock())
    run = Run("run-one", "one", "Completed", reused=True)
    (step,) = progress.seen(Run("job-1", "x", "Running"), [run])
    assert line(progress, step).endswith("one: Completed, reused")


def test_a_step_that_ran_and_was_stopped_is_canceled():
    progress, _ = followed(("Running", {"one": "Running"}), ("Canceled", {"one": "Canceled"}))
    assert progress.steps["one"].status == "Canceled"
    assert not progress.failed


def test_a_long_silence_is_broken():
    _, said = followed(
        *[("Running", {"one": "Running"})] * 70,
        ("Completed", {"one": "Completed", "two": "Completed", "three": "Completed"}),
    )
    assert said.count("still at one") == 2


def test_a_terminal_gets_a_table():
    progress, _ = followed(("Completed", {"one": "Completed"}))
    output = io.StringIO()
    Console(file=output, width=80).print(table(progress))
    assert "one" in output.getvalue()
    assert "skipped" in output.getvalue()


class Platform(Scripted):
    """A workspace for the whole command."""

    def __init__(self, *moments, log=()):
        super().__init__(*moments)
        self.said = list(log)

    def ensure_data(self, name, folder, description):
        from ml.workspace import DataVersion  # noqa: PLC0415  beside its use

        return DataVersion(name, "9b62", new=True)

    def ensure_environment(self, definition):
        return "azureml:mlops-steps:1"

    def submit(self, job, experiment):
        self.sent = job
        return Run("job-1", "train_flights", "NotStarted")

    def models(self, name, limit):
        tags = {"job": "job-1", "holdout_auc": "0.71", "holdout_brier": "0.15", "verdict": "pass"}
        return [RegisteredModel(name, "4", tags)]

    def log(self, run):
        return self.said


DONE = dict.fromkeys(STEPS, "Completed")


@pytest.fixture
def asked(monkeypatch):
    """Return a function that runs `mlops train` against a platform."""

    def ask(platform, *words: str):
        monkeypatch.setattr(stack, "outputs", lambda name: OUTPUTS)
        monkeypatch.setattr("ml.workspace.Workspace", lambda place: platform)
        monkeypatch.setattr(training.time, "sleep", lambda seconds: None)
        return CliRunner().invoke(app, ["train", "--stack", "dev", *words])

    return ask


def test_a_model_ends_with_its_name_measures_and_where_to_look(asked, monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr("ml.cli.console.out", Console(file=output, width=1000))
    answer = asked(Platform(("Completed", DONE)))
    assert answer.exit_code == 0
    said = [line.split(maxsplit=1) for line in output.getvalue().splitlines()]
    assert ["model", "flights-late:4"] in said
    assert ["AUC", "0.71"] in said
    assert ["Brier", "0.15"] in said
    assert "mlops models --stack dev" in output.getvalue()


def test_json_is_all_that_is_printed(asked, monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr("ml.cli.console.out", Console(file=output, width=1000))
    answer = asked(Platform(("Completed", DONE)), "--json")
    assert answer.exit_code == 0
    document = json.loads(output.getvalue())
    assert document["model"]["name"] == "flights-late"
    assert document["model"]["tags"]["holdout_auc"] == "0.71"
    assert [step["status"] for step in document["steps"]] == ["Completed"] * len(STEPS)


def test_a_failed_step_shows_its_log_and_exits_non_zero(asked, monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr("ml.cli.console.err", Console(file=output, width=1000))
    platform = Platform(
        ("Running", {"ingest": "Completed", "validate": "Running"}),
        ("Failed", {"ingest": "Completed", "validate": "Failed"}),
        log=["first", "flights.distance: wrong type"],
    )
    answer = asked(platform)
    assert answer.exit_code == 1
    said = output.getvalue()
    assert "step validate failed; the end of its log:\n  first\n  flights.distance" in said
    assert f"skipped because of that: {', '.join(STEPS[2:])}" in said


def test_without_waiting_the_job_is_only_sent(asked, monkeypatch):
    output = io.StringIO()
    monkeypatch.setattr("ml.cli.console.out", Console(file=output, width=1000))
    answer = asked(Platform(("Running", {})), "--no-wait", "--json", "--train-to", "2013-08")
    assert answer.exit_code == 0
    assert json.loads(output.getvalue())["job"] == "job-1"


def test_the_gate_gets_the_champion_the_key_and_a_cluster_of_its_own(asked):
    platform = Platform(("Running", {}))
    assert asked(platform, "--no-wait").exit_code == 0
    gate = platform.sent.jobs["gate"]
    assert gate.inputs["key"]._data == KEY
    assert gate.inputs["champion_version"]._data == "4"
    assert gate.compute == "g"


def test_without_a_key_for_verdicts_nothing_is_sent(asked, monkeypatch):
    monkeypatch.delitem(OUTPUTS, "verdict_key")
    platform = Platform(("Running", {}))
    answer = asked(platform)
    assert "there is no key to sign verdicts with" in str(answer.exception)
    assert not hasattr(platform, "sent")
    assert asked(platform, "--no-wait", "--key", KEY).exit_code == 0


def test_data_that_are_no_folder_are_refused_before_anything_is_sent(asked, tmp_path):
    platform = Platform(("Running", {}))
    answer = asked(platform, "--data", str(tmp_path / "none"))
    assert "is no folder" in str(answer.exception)
    assert not hasattr(platform, "sent")


def test_a_split_that_looks_ahead_is_refused_before_anything_is_sent(asked):
    answer = asked(Platform(("Running", {})), "--holdout-from", "2013-05")
    assert "not after the training data" in str(answer.exception)


def test_outputs_that_are_no_object_are_refused(monkeypatch, tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", fake_pulumi(tmp_path, "echo '[1]'"))
    with pytest.raises(PlatformError, match="gave no object"):
        stack.outputs("dev")


def test_a_dry_run_of_training_tells_the_plan_for_people_and_programs(capsys):
    planned = training.Planned(
        task="flights",
        data="azureml:flights-raw:9b62",
        new=True,
        champion=None,
        computes=("cpu", "gate"),
        periods={"train": ("2013-01", "2013-02"), "holdout": ("2013-03", "2013-03")},
        steps=("ingest", "train", "gate"),
    )
    training.show_plan(planned)
    said = capsys.readouterr().out
    for words in ("judged on gate", "to be uploaded", "2013-01 to 2013-02", "none yet", "gate"):
        assert words in said
    assert planned.document["done"] is False
    assert planned.document["steps"] == ("ingest", "train", "gate")
