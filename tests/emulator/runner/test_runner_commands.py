"""Command jobs: what is refused before they start, what fails them, what is left behind."""

import signal
import subprocess
import time

import pytest

from emulator.arm.errors import ArmError
from emulator.azureml.runs import Run
from emulator.runner import processes
from emulator.runner.service import Runner
from tests.emulator.azureml_world import CONDA, READER, WORKSPACE

FOLDER = {"jobOutputType": "uri_folder"}


def test_a_job_longer_than_its_timeout_is_stopped_and_says_so(world):
    world.command("j", "echo begun; sleep 30", limits={"timeout": "PT0.3S"})
    run = world.ended("j")
    assert run.status == "Failed"
    assert run.error is not None
    assert "longer than its timeout of 0.3 s" in run.error["message"]
    assert "begun" in run.error["message"]


def test_the_log_is_there_while_the_job_runs(world):
    world.command("j", "echo first; sleep 30")
    deadline = time.monotonic() + 5
    while "first" not in world.text("j", "user_logs/std_log.txt"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert world.run("j").status == "Running"
    world.services.azureml.runner.cancel(world.run("j"))
    assert world.ended("j").status == "Canceled"


def test_files_in_the_outputs_folder_belong_to_the_run(world):
    world.command("j", "mkdir -p outputs/a; echo 1 > outputs/a/b.txt")
    assert world.ended("j").status == "Completed"
    assert world.text("j", "outputs/a/b.txt") == "1\n"


def test_a_step_knows_its_run_its_identity_and_the_way_out(world):
    names = "AZUREML_RUN_ID MLFLOW_RUN_ID MSI_ENDPOINT DEFAULT_IDENTITY_CLIENT_ID HTTPS_PROXY"
    world.command("j", f"for n in {names}; do echo $n=${{!n}}; done; env | grep -c AZLOCAL || true")
    assert world.ended("j").status == "Completed"
    log = world.text("j", "user_logs/std_log.txt")
    assert "AZUREML_RUN_ID=j\nMLFLOW_RUN_ID=j\n" in log
    assert "MSI_ENDPOINT=http://127.0.0.1:9/msi/token" in log
    assert "HTTPS_PROXY=http://workspace%253A" in log


def test_an_identity_without_a_role_on_the_storage_cannot_write_an_output(tmp_path, world):
    world.revoke()
    world.command("j", "echo 1 > ${{outputs.o}}/x", outputs={"o": FOLDER})
    run = world.ended("j")
    assert run.status == "Failed"
    assert run.error is not None
    assert run.error["code"] == "UserError"
    assert "output 'o': the compute's identity 'cluster' may not write" in run.error["message"]


def test_a_reader_can_read_its_input_but_not_write_its_output(world):
    world.command("made", "echo 1 > ${{outputs.o}}/x", outputs={"o": FOLDER})
    made = world.ended("made").outputs["o"]["uri"]
    world.revoke()
    identity = world.store.find("Microsoft.ManagedIdentity/userAssignedIdentities", "cluster")[0]
    world.grant(identity["properties"]["principalId"], READER)
    given = {"i": {"jobInputType": "uri_folder", "uri": made}}
    world.command("reads", "cat ${{inputs.i}}/x", inputs=given)
    assert world.ended("reads").status == "Completed"
    world.command("writes", "echo 1 > ${{outputs.o}}/x", outputs={"o": FOLDER})
    assert world.ended("writes").status == "Failed"


def test_a_step_cannot_change_the_stored_input(world):
    world.command("made", "echo 1 > ${{outputs.o}}/x", outputs={"o": FOLDER})
    made = world.ended("made").outputs["o"]["uri"]
    given = {"i": {"jobInputType": "uri_folder", "uri": made}}
    world.command("spoils", "chmod +w ${{inputs.i}}/x; echo 2 > ${{inputs.i}}/x", inputs=given)
    assert world.ended("spoils").status == "Completed"
    assert world.read(f"{made}x") == b"1\n"


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"image": "base"}, "has only an image; images are not run here"),
        (
            {"image": "b", "condaFile": "dependencies:\n - python=3.11\n - cudatoolkit\n"},
            "cudatoolkit",
        ),
        ({"image": "b", "condaFile": "dependencies:\n - python=2.7\n"}, "wants python =2.7"),
    ],
)
def test_an_environment_that_cannot_be_made_fails_the_job_with_the_reason(
    world, properties, message
):
    id_ = f"{WORKSPACE}/environments/other/versions/1"
    world.put(f"{WORKSPACE}/environments/other", {"properties": {}})
    world.put(id_, {"properties": properties})
    world.command("j", "true", environmentId=id_)
    run = world.ended("j")
    assert run.status == "Failed"
    assert run.error is not None
    assert message in run.error["message"]


def test_a_curated_environment_is_refused_by_name(world):
    world.command("j", "true", environmentId="azureml:AzureML-sklearn-1.5@latest")
    run = world.ended("j")
    assert run.error is not None
    assert "curated environments are not available here" in run.error["message"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"computeId": "gpu"},
            "wants compute 'gpu', which the workspace does not have; it has: cpu",
        ),
        ({"resources": {"instanceCount": 2}}, "asks for 2 nodes with the distribution 'none'"),
        ({"jobType": "AutoML"}, "jobs of type Command, Pipeline, Sweep are run here"),
        ({"jobType": "Comand"}, "'Comand'; give one of Command"),
        ({"limits": {"timeout": "soon"}}, "not an ISO 8601 duration"),
    ],
)
def test_a_job_that_can_never_run_is_refused_and_not_stored(world, more, message):
    with pytest.raises(ArmError, match=message):
        world.command("j", "true", **more)
    assert world.runs.get(WORKSPACE, "j") is None


def test_what_a_dead_server_left_running_is_ended_and_marked(world):
    orphan = subprocess.Popen(["sleep", "60"], start_new_session=True)
    started = processes.started_at(orphan.pid)
    common = {"workspace": WORKSPACE.lower(), "experiment": "e", "root": "p"}
    definition = {"jobType": "Command", "command": "true", "computeId": "cpu"}
    definition["environmentId"] = f"{WORKSPACE}/environments/steps/versions/1"
    world.runs.add(Run(**common, name="p", kind="Pipeline", status="Running", started=1.0))
    lost = Run(
        **common, name="s1", kind="Command", parent="p", status="Running", started=1.0,
        process=orphan.pid, process_started=started,
    )  # fmt: skip
    world.runs.add(lost)
    world.runs.add(Run(**common, name="s2", kind="Command", parent="p", status="Queued"))
    world.runs.add(Run(**common, name="done", kind="Command", parent="p", status="Completed"))
    waiting = Run(
        workspace=WORKSPACE.lower(), experiment="e", name="w", kind="Command", status="NotStarted",
        compute="cpu", definition=definition,
    )  # fmt: skip
    world.runs.add(waiting)
    runner = Runner(world.services)
    runner.recover()
    assert orphan.wait(5) in (-signal.SIGTERM, -signal.SIGKILL)
    assert [world.run(n).status for n in ("p", "s1", "s2", "done")] == [
        "Failed", "Failed", "Canceled", "Completed",
    ]  # fmt: skip
    assert "lost when the service stopped" in str(world.run("p").error)
    assert world.ended("w").status == "Completed"
    runner.stop()


def test_a_process_number_that_came_again_is_left_alone():
    other = subprocess.Popen(["sleep", "60"], start_new_session=True)
    started = processes.started_at(other.pid)
    assert started is not None
    assert processes.end_orphan(other.pid, started - 100) is False
    assert other.poll() is None
    assert processes.end_orphan(other.pid, started) is True
    other.wait(5)


def test_stopping_the_service_ends_its_jobs_and_says_why(world):
    world.command("j", "sleep 60")
    while world.run("j").process is None:
        time.sleep(0.01)
    world.services.azureml.runner.stop()
    run = world.run("j")
    assert (run.status, run.error["message"]) == ("Failed", "lost when the service stopped")


def test_deleting_the_compute_ends_what_runs_on_it(world):
    world.command("j", "sleep 60")
    while world.run("j").process is None:
        time.sleep(0.01)
    world.services.azureml.runner.abandon(WORKSPACE, "compute cpu was deleted", "cpu")
    run = world.ended("j")
    assert (run.status, run.error["message"]) == ("Failed", "compute cpu was deleted")


def test_the_conda_file_of_the_tests_needs_no_network():
    assert "pip" not in CONDA
