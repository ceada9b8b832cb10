"""Batch endpoints run pipeline components: what is deployed, what is invoked, and who may."""

import pytest

from emulator.access.roles import by_guid
from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.azureml import batch_jobs
from emulator.login.callers import Caller
from tests.emulator.azureml_world import GROUP, READER, STORAGE, WORKSPACE, node

ENDPOINT = f"{WORKSPACE}/batchEndpoints/retrain"
FOLDER = {"type": "uri_folder"}
PATH = "azureml://datastores/workspaceblobstore/paths/raw/a.csv"
FILE = {"JobInputType": "UriFile", "Uri": PATH}


def component(world, name: str = "training", version: str = "1", **spec) -> str:
    copy = world.component(
        "copy",
        "cat ${{inputs.data}} ${{inputs.data}} > ${{outputs.out}}/x; echo ${{inputs.times}} times",
        inputs={"data": {"type": "uri_file"}, "times": {"type": "integer"}},
        outputs={"out": FOLDER},
    )
    bound = {"out": {"type": "literal", "value": "${{parent.outputs.made}}"}}
    given = {"data": "${{parent.inputs.arrived}}", "times": "${{parent.inputs.times}}"}
    body = {
        "inputs": {"arrived": {"type": "uri_file"}, "times": {"type": "integer", "default": "3"}},
        "outputs": {"made": FOLDER},
        **spec,
    }
    return world.pipeline_component(name, {"copy": node(copy, bound, **given)}, version, **body)


def deployment(id_: str, **settings) -> dict:
    configuration = {
        "deploymentConfigurationType": "PipelineComponent",
        "componentId": {"assetId": id_, "referenceType": "Id"},
        "settings": {"default_compute": "cpu"} | settings,
    }
    return {"location": "westeurope", "properties": {"deploymentConfiguration": configuration}}


def deployed(world) -> dict:
    body: dict = {"location": "westeurope", "properties": {"authMode": "aadToken"}}
    world.put(ENDPOINT, body)
    world.put(f"{ENDPOINT}/deployments/blue", deployment(component(world)))
    body["properties"]["defaults"] = {"deploymentName": "blue"}
    world.grant(world.context.caller.principal.object_id, READER)
    container = world.store.get(f"{WORKSPACE}/datastores/workspaceblobstore")["properties"]
    world.services.blobs.put("mlstore", container["containerName"], "raw/a.csv", b"1,2\n")
    return world.put(ENDPOINT, body)


def invoke(
    world, inputs: dict, ctx: Context | None = None, name: str | None = None, **more
) -> dict:
    endpoint = world.store.get(ENDPOINT)
    body = {"properties": {"InputData": inputs, **more}}
    return batch_jobs.invoke(ctx or world.context, endpoint, name, body)


def as_stranger(world, *roles: str) -> Context:
    """Somebody new, with roles on the workspace and the storage."""
    id_ = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/stranger"
    made = world.put(id_, {"location": "westeurope"})["properties"]
    guids = {role.name: guid for guid, role in by_guid().items()}
    for role in roles:
        scope = STORAGE if role.startswith("Storage") else WORKSPACE
        world.grant(made["principalId"], guids[role], scope)
    principal = world.services.principals.by_object_id(made["principalId"])
    return Context(world.store, Caller("private", principal), world.services)


def test_an_invocation_runs_the_pipeline_on_the_callers_data(world):
    deployed(world)
    made = invoke(world, {"arrived": FILE, "times": {"JobInputType": "Literal", "Value": 5}})
    assert made["type"].endswith("/batchEndpoints/jobs")
    run = world.ended(made["name"])
    assert run.status == "Completed", run.error
    assert run.experiment == "retrain"
    assert world.read(run.outputs["made"]["uri"] + "x") == b"1,2\n1,2\n"
    step = world.steps(made["name"])["copy"]
    assert world.text(step.name, "user_logs/std_log.txt") == "5 times\n"
    listed = batch_jobs.listed(world.context, world.store.get(ENDPOINT))
    assert [(job["name"], job["properties"]["status"]) for job in listed] == [
        (made["name"], "Completed")
    ]


def test_an_output_goes_where_the_caller_wants_it_and_a_job_has_the_name_it_is_given(world):
    deployed(world)
    where = "azureml://datastores/workspaceblobstore/paths/wanted/here/"
    output = {"made": {"JobOutputType": "UriFolder", "Uri": where}}
    made = invoke(world, {"arrived": FILE}, OutputData=output, Name="mine")
    assert made["name"] == "mine"
    assert world.ended("mine").status == "Completed"
    assert world.read(f"{where}x") == b"1,2\n1,2\n"
    with pytest.raises(ArmError, match="exists already"):
        invoke(world, {"arrived": FILE}, Name="mine")


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "arrived is missing"),
        ({"arrived": FILE, "other": FILE}, "no input other; it has: arrived, times"),
        ({"arrived": FILE | {"JobInputType": "UriFolder"}}, "takes uri_file"),
        ({"arrived": FILE | {"JobInputType": "Picture"}}, "known are UriFile"),
        ({"arrived": {"JobInputType": "UriFile"}}, "has no uri"),
        ({"arrived": "a.csv"}, "where an object is wanted"),
    ],
)
def test_what_does_not_fit_the_component_is_refused(world, inputs, message):
    deployed(world)
    with pytest.raises(ArmError, match=message) as caught:
        invoke(world, inputs)
    assert caught.value.status == 400
    assert world.runs.of_workspace(WORKSPACE) == []


def test_without_a_default_deployment_one_has_to_be_named(world):
    deployed(world)
    world.put(ENDPOINT, {"location": "westeurope", "properties": {"authMode": "aadToken"}})
    with pytest.raises(ArmError, match="no default deployment"):
        invoke(world, {"arrived": FILE})
    with pytest.raises(ArmError, match="no deployment 'green'"):
        invoke(world, {"arrived": FILE}, name="green")
    assert world.ended(invoke(world, {"arrived": FILE}, name="blue")["name"]).status == "Completed"


def test_the_default_goes_with_its_deployment(world):
    deployed(world)
    request = world.request("DELETE", f"{ENDPOINT}/deployments/blue")
    from emulator.azureml.batch_deployments import BatchDeployment  # noqa: PLC0415  one test

    resource = world.store.get(f"{ENDPOINT}/deployments/blue")
    world.store.delete(resource["id"])
    BatchDeployment().deleted(request.ctx, resource)
    endpoint = world.store.get(ENDPOINT)
    assert endpoint["properties"]["defaults"] == {"deploymentName": None}


@pytest.mark.parametrize("roles", [(), ("Reader",), ("Storage Blob Data Reader",)])
def test_who_may_not_start_jobs_cannot_invoke(world, roles):
    deployed(world)
    ctx = as_stranger(world, *roles)
    with pytest.raises(ArmError, match=r"batchEndpoints/(read|jobs/write)") as caught:
        invoke(world, {"arrived": FILE}, ctx)
    assert caught.value.status == 403


def test_data_is_read_with_the_invokers_roles_too(world):
    deployed(world)
    science = "AzureML Data Scientist"
    made = invoke(world, {"arrived": FILE}, as_stranger(world, science))
    run = world.run(made["name"])
    assert run.status == "Failed"
    assert "invoker 'stranger' may not read mlstore/" in run.error["message"]
    allowed = as_stranger(world, science, "Storage Blob Data Reader")
    assert world.ended(invoke(world, {"arrived": FILE}, allowed)["name"]).status == "Completed"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"default_compute": "gpu"}, "does not have; it has: cpu"),
        ({"default_compute": ""}, "has no compute"),
        ({"colour": "red"}, "settings has colour"),
    ],
)
def test_a_deployment_that_could_never_run_is_refused(world, change, message):
    deployed(world)
    id_ = f"{WORKSPACE}/components/training/versions/1"
    with pytest.raises(ArmError, match=message):
        world.put(f"{ENDPOINT}/deployments/green", deployment(id_, **change))


def test_a_deployment_keeps_its_component_and_runs_pipelines_only(world):
    deployed(world)
    other = component(world, version="2")
    with pytest.raises(ArmError, match="make another deployment"):
        world.put(f"{ENDPOINT}/deployments/blue", deployment(other))
    copy = f"{WORKSPACE}/components/copy/versions/1"
    with pytest.raises(ArmError, match="wanted: a pipeline component"):
        world.put(f"{ENDPOINT}/deployments/green", deployment(copy))
    with pytest.raises(ArmError, match="register the component first"):
        world.put(f"{ENDPOINT}/deployments/green", deployment(f"{copy}0"))


def test_a_pipeline_component_is_whole_and_stays_as_it_is(world):
    component(world)
    with pytest.raises(ArmError, match="already exists with another componentSpec"):
        component(world, outputs={"made": FOLDER, "more": FOLDER})
    with pytest.raises(ArmError, match="writes the pipeline's output 'made'"):
        component(world, "other", outputs={})
    with pytest.raises(ArmError, match="which the workspace does not have"):
        world.pipeline_component("gone", {"a": node(f"{WORKSPACE}/components/no/versions/1")})
    with pytest.raises(ArmError, match="one step or more"):
        world.pipeline_component("empty", {})
    with pytest.raises(ArmError, match="sourceJobId"):
        world.pipeline_component("made", {}, sourceJobId="job")
