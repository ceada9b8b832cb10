"""A new file in the lake starts a training, along the very path that infra lays out."""

import asyncio
import json
import time
from itertools import pairwise

import pytest

from emulator.arm.errors import ArmError
from emulator.factories import queries
from emulator.providers.datafactory.triggers import Trigger
from tests.emulator.azureml_world import WORKSPACE, World
from tests.emulator.factories.conftest import FACTORY, LAKE, approve

TRIGGER = f"{FACTORY}/triggers/new_data"
EVER = {"lastUpdatedAfter": "2000-01-01T00:00:00Z", "lastUpdatedBefore": "2999-01-01T00:00:00Z"}


def turn(world: World, action: str) -> None:
    Trigger.actions[action](world.context, world.store.get(TRIGGER), {})


def arrive(world: World, name: str = "2013/01/flights.csv", content: bytes = b"a,b\n1,2\n") -> None:
    world.services.blobs.put("stlakemlops", "raw", name, content)


def ask(world: World, method: str, rest: str, body: dict | None = None):
    request = world.request(method, f"{FACTORY}/{rest}", body)
    answer = asyncio.run(queries.handle(request))
    assert answer is not None
    return json.loads(bytes(answer.body)) if answer.body else None


def runs(world: World, name: str | None = None) -> list[dict]:
    found = ask(world, "POST", "queryPipelineRuns", EVER)["value"]
    return [run for run in found if name in {None, run["pipelineName"]}]


def ended(world: World, count: int = 1, name: str = "retrain", seconds: float = 15.0) -> list[dict]:
    """Wait until so many runs of a pipeline have ended."""
    deadline = time.monotonic() + seconds
    while True:
        found = [run for run in runs(world, name) if run["runEnd"]]
        if len(found) == count:
            return found
        assert len(found) < count
        assert time.monotonic() < deadline, runs(world)
        time.sleep(0.02)


def activities(world: World, run: dict) -> dict[str, dict]:
    path = f"pipelineruns/{run['runId']}/queryActivityruns"
    return {one["activityName"]: one for one in ask(world, "POST", path, EVER)["value"]}


def impatient(world: World) -> None:
    """Take the retries away, whose pauses are minutes."""
    for name in ("ingest", "retrain"):
        pipeline = world.store.get(f"{FACTORY}/pipelines/{name}")
        for activity in pipeline["properties"]["activities"]:
            activity["policy"] = {"retry": 0}
        world.store.put(pipeline)


def test_a_new_file_starts_a_training_on_it(world):
    arrive(world)  # nobody has started the trigger yet
    turn(world, "start")
    arrive(world)
    (run,) = ended(world)
    assert run["status"] == "Succeeded", run["message"]
    assert run["parameters"] == {"folder": "2013/01", "file": "flights.csv"}
    assert run["invokedBy"]["invokedByType"] == "BlobEventsTrigger"
    done = activities(world, run)
    assert {name: one["status"] for name, one in done.items()} == {
        "ingest": "Succeeded",
        "submit": "Succeeded",
    }
    copied = activities(world, ended(world, name="ingest")[0])["copy"]["output"]
    assert copied["dataConsistencyVerification"] == {"VerificationResult": "Verified"}
    job = world.ended(done["submit"]["output"]["name"])
    assert job.status == "Completed", job.error
    assert job.created_by["userName"] == "id-factory"
    given = job.definition["inputs"]["arrived"]["uri"]
    assert given == "azureml://datastores/lake_curated/paths/2013/01/flights.csv"
    step = world.steps(job.name)["show"]
    assert world.text(step.name, "user_logs/std_log.txt") == "a,b\n1,2\n"
    (fired,) = ask(world, "POST", "queryTriggerRuns", EVER)["value"]
    assert fired["triggeredPipelines"] == {"retrain": run["runId"]}


def test_what_the_trigger_does_not_wait_for_starts_nothing(world):
    turn(world, "start")
    arrive(world, content=b"")  # empty
    world.services.blobs.put("stlakemlops", "curated", "2013/01/flights.csv", b"1")  # another zone
    world.services.blobs.put("mlstore", "azureml", "raw/blobs/x", b"1")  # another account
    turn(world, "stop")
    arrive(world)
    time.sleep(0.2)
    assert runs(world) == []


def test_a_file_at_the_top_of_its_zone_has_no_folder(world):
    turn(world, "start")
    arrive(world, "top.csv")
    (run,) = ended(world)
    assert (run["status"], run["parameters"]) == ("Succeeded", {"folder": "", "file": "top.csv"})


def test_files_that_arrive_together_are_learned_from_one_after_the_other(world):
    turn(world, "start")
    for month in range(3):
        arrive(world, f"2013/{month:02d}/flights.csv")
    found = ended(world, 3)
    assert {run["status"] for run in found} == {"Succeeded"}
    jobs = world.runs.of_workspace(WORKSPACE, jobs_only=True)
    assert len(jobs) == 3
    spans = sorted(
        (one["activityRunStart"], one["activityRunEnd"])
        for run in found
        for one in activities(world, run).values()
        if one["activityName"] == "submit"
    )
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def close(world: World) -> None:
    """Leave no way to the lake and the workspace but private endpoints."""
    for id_ in (WORKSPACE, LAKE):
        resource = world.store.get(id_)
        resource["properties"]["publicNetworkAccess"] = "Disabled"
        resource["properties"]["networkAcls"] = {"bypass": "None", "defaultAction": "Deny"}
        world.store.put(resource)


def test_approved_endpoints_lead_to_what_is_closed_to_all_others(world):
    close(world)
    turn(world, "start")
    arrive(world)
    (run,) = ended(world)
    assert run["status"] == "Succeeded", run["message"]


@pytest.mark.parametrize(
    ("target", "name", "activity"),
    [(LAKE, "lake-dfs", "ingest"), (WORKSPACE, "workspace", "submit")],
)
def test_without_the_owners_yes_there_is_no_way(world, target, name, activity):
    impatient(world)
    close(world)
    approve(world, target, name, "Pending")
    turn(world, "start")
    arrive(world)
    (run,) = ended(world)
    assert run["status"] == "Failed"
    assert f"target {activity} failed" in run["message"]
    assert "is Pending; its owner has to approve it" in run["message"]


def test_a_factory_without_its_role_cannot_invoke_the_endpoint(world):
    impatient(world)
    for assignment in world.store.under(f"{WORKSPACE}/providers"):
        world.store.delete(assignment["id"])
    turn(world, "start")
    arrive(world)
    (run,) = ended(world)
    submit = activities(world, run)["submit"]
    assert submit["error"]["errorCode"] == "2108"
    assert "'403'" in submit["error"]["message"]
    assert "batchEndpoints/read" in submit["error"]["message"]
    assert world.runs.of_workspace(WORKSPACE, jobs_only=True) == []


def test_a_failed_activity_is_tried_again_as_its_policy_says(world):
    impatient(world)
    pipeline = world.store.get(f"{FACTORY}/pipelines/ingest")
    pipeline["properties"]["activities"][0]["policy"] = {
        "retry": 20,
        "retryIntervalInSeconds": 0.1,
    }
    world.store.put(pipeline)
    id_ = ask(world, "POST", "pipelines/ingest/createRun", {"folder": "x", "file": "late.csv"})
    time.sleep(0.3)
    arrive(world, "x/late.csv")
    (run,) = ended(world, name="ingest")
    assert (run["runId"], run["status"]) == (id_["runId"], "Succeeded")
    assert activities(world, run)["copy"]["retryAttempt"] >= 1
    assert run["invokedBy"]["invokedByType"] == "Manual"


def edited(world: World, **changes: object) -> None:
    """A pipeline with one activity, which is none of those that are run."""
    impatient(world)
    pipeline = world.store.get(f"{FACTORY}/pipelines/ingest")
    pipeline["properties"]["activities"][0] |= changes
    world.store.put(pipeline)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "DatabricksNotebook"}, "of type DatabricksNotebook are not run here"),
        ({"typeProperties": {"source": {"type": "SqlSource"}}}, "The source is SqlSource"),
        ({"inputs": []}, "one input and one output"),
    ],
)
def test_other_activities_are_refused_by_name(world, changes, message):
    edited(world, **changes)
    ask(world, "POST", "pipelines/ingest/createRun", {"folder": "x", "file": "y"})
    (run,) = ended(world, name="ingest")
    assert run["status"] == "Failed"
    assert message in run["message"]


def test_a_file_that_is_gone_fails_the_copy(world):
    impatient(world)
    ask(world, "POST", "pipelines/ingest/createRun", {"folder": "x", "file": "gone.csv"})
    (run,) = ended(world, name="ingest")
    assert "The file raw/x/gone.csv was not found in stlakemlops" in run["message"]


def test_a_web_activity_calls_batch_endpoints_alone(world):
    impatient(world)
    pipeline = world.store.get(f"{FACTORY}/pipelines/retrain")
    submit = pipeline["properties"]["activities"][1]
    submit["dependsOn"] = []
    pipeline["properties"]["activities"] = [submit]
    for change, message in (
        ({"url": "https://example.com/jobs"}, "'example.com' is no batch endpoint"),
        ({"url": submit["typeProperties"]["url"], "method": "GET"}, "takes POST on /jobs"),
        ({"method": "POST", "body": "nonsense"}, "not JSON"),
        (
            {"authentication": {"type": "MSI", "resource": "https://vault.azure.net"}},
            "'401'",
        ),
        ({"authentication": {"type": "Basic"}}, "managed identity here, found Basic"),
    ):
        submit["typeProperties"] |= change
        world.store.put(pipeline)
        body = {"folder": "x", "file": "y"}
        id_ = ask(world, "POST", "pipelines/retrain/createRun", body)["runId"]
        run = world.services.factories.wait(id_)
        assert run["status"] == "Failed"
        assert message in run["message"]


def test_activities_wait_for_what_they_depend_on_and_are_skipped(world):
    impatient(world)
    copy = world.store.get(f"{FACTORY}/pipelines/ingest")["properties"]["activities"][0]

    def after(name: str, before: str, condition: str) -> dict:
        waits = [{"activity": before, "dependencyConditions": [condition]}]
        return {**copy, "name": name, "dependsOn": waits}

    steps = [after("good", "copy", "Succeeded"), copy, after("bad", "copy", "Failed")]
    body = {"activities": steps, "parameters": {"folder": {"type": "String"}, "file": {}}}
    world.store.put({"id": f"{FACTORY}/pipelines/branches", "properties": body})
    arrive(world, "x/y")
    given = {"folder": "x", "file": "y"}
    for file, status, expected in (("y", "Succeeded", "good"), ("gone", "Failed", "bad")):
        sent = given | {"file": file}
        id_ = ask(world, "POST", "pipelines/branches/createRun", sent)["runId"]
        run = world.services.factories.wait(id_)
        done = activities(world, run)
        assert (run["status"], set(done)) == (status, {"copy", expected})


def test_a_run_needs_its_parameters_and_no_others(world):
    for body, message in (
        ({"folder": "x"}, "needs the parameters file"),
        ({"folder": "x", "file": "y", "z": 1}, "has no parameters z"),
    ):
        with pytest.raises(ArmError, match=message):
            ask(world, "POST", "pipelines/ingest/createRun", body)
    with pytest.raises(ArmError, match="was not found"):
        ask(world, "POST", "pipelines/other/createRun", {})
    with pytest.raises(ArmError, match="has no pipeline run x"):
        ask(world, "GET", "pipelineruns/x")


def test_a_run_is_cancelled_before_its_next_activity(world):
    pipeline = world.store.get(f"{FACTORY}/pipelines/ingest")
    pipeline["properties"]["activities"][0]["policy"] = {
        "retry": 3,
        "retryIntervalInSeconds": 60,
    }
    world.store.put(pipeline)
    id_ = ask(world, "POST", "pipelines/ingest/createRun", {"folder": "x", "file": "y"})["runId"]
    deadline = time.monotonic() + 5
    while not ask(world, "POST", f"pipelineruns/{id_}/queryActivityruns", EVER)["value"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    ask(world, "POST", f"pipelineruns/{id_}/cancel")
    assert world.services.factories.wait(id_)["status"] in {"Cancelled", "Failed"}


def test_runs_are_found_by_filters(world):
    arrive(world, "x/y")
    id_ = ask(world, "POST", "pipelines/ingest/createRun", {"folder": "x", "file": "y"})["runId"]
    world.services.factories.wait(id_)
    for operand, operator, values, count in (
        ("PipelineName", "Equals", ["ingest"], 1),
        ("Status", "In", ["Failed"], 0),
        ("Status", "NotEquals", ["Failed"], 1),
    ):
        one = {"operand": operand, "operator": operator, "values": values}
        found = ask(world, "POST", "queryPipelineRuns", EVER | {"filters": [one]})["value"]
        assert len(found) == count
    old = {**EVER, "lastUpdatedBefore": "2001-01-01T00:00:00Z"}
    assert ask(world, "POST", "queryPipelineRuns", old)["value"] == []
    with pytest.raises(ArmError, match="give both"):
        ask(world, "POST", "queryPipelineRuns", {})
    filters = [{"operand": "Colour", "operator": "Equals", "values": []}]
    with pytest.raises(ArmError, match="is not known here"):
        ask(world, "POST", "queryPipelineRuns", EVER | {"filters": filters})
