"""Schedules: kept, checked, and fired by a clock that tests put on."""

import time

import pytest

from emulator.arm.errors import ArmError
from emulator.azureml import schedules
from emulator.azureml.runs import Run
from tests.emulator.azureml_world import WORKSPACE, node

ID = f"{WORKSPACE}/schedules/daily"
LATER = "2030-01-01T00:00:00"
DAILY = {"triggerType": "Cron", "expression": "0 3 * * *", "startTime": "2020-01-01T00:00:00"}


def schedule(world, trigger: dict, command: str = "echo ${{inputs.text}}", **properties) -> dict:
    say = world.component(
        "say", command, inputs={"text": {"type": "string"}}, is_deterministic=False
    )
    job = {
        "jobType": "Pipeline",
        "jobs": {"say": node(say, text="${{parent.inputs.text}}")},
        "inputs": {"text": {"jobInputType": "literal", "value": "hello"}},
        "settings": {"default_compute": "cpu"},
    }
    action = {"actionType": "CreateJob", "jobDefinition": job}
    return {"properties": {"trigger": trigger, "action": action, **properties}}


def advance(world, days: int) -> None:
    world.services.azureml.clock.advance(days * 86400)
    world.services.azureml.scheduler.look()


def started(world, count: int, seconds: float = 10.0) -> list[Run]:
    """Wait until so many jobs have ended."""
    deadline = time.monotonic() + seconds
    while True:
        runs = world.runs.of_workspace(WORKSPACE, jobs_only=True)
        if len(runs) == count and all(run.terminal for run in runs):
            return runs
        assert len(runs) <= count
        assert time.monotonic() < deadline, [(run.name, run.status) for run in runs]
        time.sleep(0.02)


def test_a_schedule_fires_each_time_it_is_due(world):
    world.put(ID, schedule(world, DAILY))
    assert world.runs.of_workspace(WORKSPACE) == []
    advance(world, days=2)
    runs = started(world, 2)
    assert {run.status for run in runs} == {"Completed"}
    assert all(str(run.display_name).startswith("daily-") for run in runs)
    assert all(str(run.display_name).endswith("T030000Z") for run in runs)
    assert {run.experiment for run in runs} == {"daily"}
    assert runs[0].created_by["userName"] == "deployer"


def test_without_a_start_the_first_run_is_at_once(world):
    trigger = {"triggerType": "Recurrence", "frequency": "day", "interval": 1}
    world.put(ID, schedule(world, trigger))
    started(world, 1)
    advance(world, days=1)
    started(world, 2)


def test_a_disabled_schedule_rests_and_cannot_be_triggered(world):
    world.put(ID, schedule(world, DAILY, isEnabled=False))
    advance(world, days=1)
    trigger = schedules.Schedule.actions["trigger"]
    with pytest.raises(ArmError, match="is disabled; enable it"):
        trigger(world.context, world.store.get(ID), {})
    world.put(ID, schedule(world, DAILY, isEnabled=True))
    answer = trigger(world.context, world.store.get(ID), {})
    assert answer is not None
    assert answer["scheduleActionType"] == "CreateJob"
    (run,) = started(world, 1)
    assert run.name == answer["submissionId"]


def test_the_moment_goes_into_the_inputs_that_ask_for_it(world):
    body = schedule(world, DAILY)
    job = body["properties"]["action"]["jobDefinition"]
    job["inputs"]["text"]["value"] = "at ${{creation_context.trigger_time}}"
    world.put(ID, body)
    advance(world, days=1)
    (run,) = started(world, 1)
    said = world.text(world.steps(run.name)["say"].name, "user_logs/std_log.txt")
    assert said.startswith("at 20")
    assert said.endswith("T03:00:00Z\n")


def test_an_earlier_job_is_run_again(world):
    job = schedule(world, DAILY)["properties"]["action"]["jobDefinition"]
    world.submit("first", job)
    world.ended("first")
    body = schedule(world, DAILY)
    body["properties"]["action"]["jobDefinition"] = {
        "jobType": "Pipeline",
        "sourceJobId": f"{WORKSPACE}/jobs/first",
        "experimentName": "",
    }
    world.put(ID, body)
    advance(world, days=1)
    assert {run.status for run in started(world, 2)} == {"Completed"}


def test_a_clock_put_on_by_a_year_does_not_start_a_job_for_each_day(world):
    world.put(ID, schedule(world, DAILY, command="true"))
    advance(world, days=365)
    assert len(started(world, 24, 40)) == 24


def test_the_clock_stays_ahead_and_never_goes_back(world):
    clock = world.services.azureml.clock
    before = clock.advance(3600)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1)
    again = type(clock)(world.services.home / "clock.json")
    assert abs((again.now() - before).total_seconds()) < 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"trigger": {"triggerType": "Cron", "expression": "nonsense"}}, "has 1 fields"),
        ({"trigger": {}}, "give one of Cron, Recurrence"),
        ({"action": {"actionType": "CreateJob"}}, "jobDefinition is missing"),
        ({"action": {"actionType": "InvokeBatchEndpoint"}}, "give one of CreateJob"),
        (
            {"action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Command"}}},
            "jobType is 'Command'; give one of Pipeline",
        ),
        (
            {"action": {"actionType": "CreateJob", "jobDefinition": {"jobType": "Pipeline"}}},
            "one step or more",
        ),
        (
            {
                "action": {
                    "actionType": "CreateJob",
                    "jobDefinition": {"jobType": "Pipeline", "sourceJobId": "gone"},
                }
            },
            "no job has that name",
        ),
    ],
)
def test_a_schedule_that_could_never_run_is_refused(world, change, message):
    body = schedule(world, DAILY)
    body["properties"] |= change
    with pytest.raises(ArmError, match=message):
        world.put(ID, body)


def test_a_monitor_is_kept_and_starts_nothing(world):
    trigger = {"triggerType": "Recurrence", "frequency": "day", "interval": 1}
    action = {"actionType": "CreateMonitor", "monitorDefinition": {}}
    made = world.put(ID, {"properties": {"trigger": trigger, "action": action}})
    assert (made["properties"]["isEnabled"], made["systemData"]["createdAt"] < LATER) == (
        True,
        True,
    )
    advance(world, days=1)
    assert world.runs.of_workspace(WORKSPACE) == []
    with pytest.raises(ArmError, match="only jobs are triggered here"):
        schedules.Schedule.actions["trigger"](world.context, made, {})
