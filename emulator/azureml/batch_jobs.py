"""Invoking a batch endpoint: from what a caller sends to the pipeline job that it starts."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import access, jobs
from emulator.azureml.batch_deployments import specification
from emulator.azureml.places import PlaceError, Places
from emulator.azureml.runs import Run, Runs
from emulator.azureml.text import NAMESPACE, bad, workspace_of
from emulator.login.callers import Caller
from emulator.runner import permission
from emulator.runner.errors import failure
from emulator.runner.model import DATA_TYPES

Json = dict[str, Any]
TYPE = f"{NAMESPACE}/workspaces/batchEndpoints"
READ = f"{TYPE}/read"
# What the invoker needs: https://learn.microsoft.com/azure/machine-learning/
# how-to-authenticate-batch-endpoint#configure-rbac-for-batch-endpoints-invoke
INVOKE = (READ, f"{TYPE}/jobs/write", f"{TYPE}/deployments/jobs/write", access.WRITE)
ENDPOINT, DEPLOYMENT = "azureml.endpointName", "azureml.deploymentName"
_TYPES = {kind.replace("_", ""): kind for kind in (*DATA_TYPES, "literal")}


@dataclass(frozen=True)
class Asked:
    """What the caller sends, whatever case its words are in."""

    name: str
    experiment: str
    inputs: Mapping[str, Json]
    outputs: Mapping[str, Json]


def invoke(ctx: Context, endpoint: Resource, deployment_name: str | None, body: Json) -> Json:
    """Start a job of a deployment, the endpoint's default unless one is named."""
    for action in INVOKE:
        access.need_role(ctx.store, ctx.caller, endpoint, action)
    deployment = _deployment(ctx, endpoint, deployment_name)
    workspace = ctx.store.get(workspace_of(endpoint["id"]))
    if workspace is None:
        raise ArmError(404, "NotFound", f"The workspace of {endpoint['name']!r} was deleted.")
    configuration = deployment["properties"]["deploymentConfiguration"]
    id_ = configuration["componentId"]["assetId"]
    spec = specification(ctx, workspace["id"], id_, "the component of the deployment")
    asked = _read(body, endpoint)
    definition = {
        "jobType": "Pipeline",
        "jobs": spec["jobs"],
        "settings": configuration["settings"],
        "experimentName": asked.experiment,
        "displayName": deployment["name"],
        "inputs": _inputs(spec, asked.inputs),
        "outputs": _outputs(spec, asked.outputs),
        "properties": {ENDPOINT: endpoint["name"], DEPLOYMENT: deployment["name"]},
        "tags": {str(k): str(v) for k, v in (deployment.get("tags") or {}).items()},
    }
    refused = _unreadable(ctx, workspace, definition["inputs"])
    run = jobs.start(ctx, workspace, asked.name, definition, refused)
    return shown(endpoint, run)


def listed(ctx: Context, endpoint: Resource, deployment: str | None = None) -> list[Json]:
    """The jobs that an endpoint, or one of its deployments, has started; the newest first."""
    access.need_role(ctx.store, ctx.caller, endpoint, READ)
    found = Runs(ctx.store).of_workspace(workspace_of(endpoint["id"]), jobs_only=True)
    return [
        shown(endpoint, run)
        for run in found
        if run.properties.get(ENDPOINT) == endpoint["name"]
        and deployment in {None, run.properties.get(DEPLOYMENT)}
    ]


def shown(endpoint: Resource, run: Run) -> Json:
    """A job as the data plane of batch endpoints shows it."""
    return {
        "id": f"{endpoint['id']}/jobs/{run.name}",
        "name": run.name,
        "type": f"{TYPE}/jobs",
        "properties": {"name": run.name, "status": run.status, "properties": run.properties},
    }


def _deployment(ctx: Context, endpoint: Resource, name: str | None) -> Resource:
    wanted = name or (endpoint["properties"].get("defaults") or {}).get("deploymentName")
    if not wanted:
        msg = (
            f"Batch endpoint {endpoint['name']!r} has no default deployment; set one"
            " (defaults.deploymentName) or name one with the header azureml-model-deployment."
        )
        raise bad(msg, "deploymentName", "UserError")
    found = ctx.store.get(f"{endpoint['id']}/deployments/{wanted}")
    if found is None:
        msg = f"Batch endpoint {endpoint['name']!r} has no deployment {wanted!r}."
        raise ArmError(404, "NotFound", msg, "deploymentName")
    return found


def _read(body: Json, endpoint: Resource) -> Asked:
    properties = _low(body.get("properties") or body.get("Properties") or {})
    more = _low(properties.get("properties") or {})
    given = properties.get("inputdata") or {}
    outputs = properties.get("outputdata") or {}
    return Asked(
        name=str(properties.get("name") or f"batchjob-{uuid.uuid4()}"),
        experiment=str(more.get("experimentname") or endpoint["name"]),
        inputs={str(name): _low(one) for name, one in given.items()},
        outputs={str(name): _low(one) for name, one in outputs.items()},
    )


def _low(given: object) -> Json:
    if not isinstance(given, Mapping):
        msg = f"The body has {given!r} where an object is wanted."
        raise bad(msg, "properties")
    return {str(key).lower(): value for key, value in given.items()}


def _inputs(spec: Mapping[str, Any], given: Mapping[str, Json]) -> Json:
    declared = spec.get("inputs") or {}
    _refuse_unknown("input", declared, given)
    found: Json = {}
    for name, wanted in declared.items():
        sent = given.get(name)
        path = f"properties.inputData.{name}"
        if sent is None:
            if wanted.get("default") is not None:
                found[name] = {"jobInputType": "literal", "value": str(wanted["default"])}
            elif not wanted.get("optional"):
                msg = f"{path} is missing; the deployment needs it ({wanted['type']})."
                raise bad(msg, path, "UserError")
            continue
        kind = _kind(sent.get("jobinputtype"), path)
        expected = wanted["type"] if wanted["type"] in DATA_TYPES else "literal"
        if kind != expected:
            msg = f"{path} is of type {kind}; the deployment takes {wanted['type']}."
            raise bad(msg, path, "UserError")
        key = "value" if kind == "literal" else "uri"
        if sent.get(key) is None:
            msg = f"{path} has no {key}."
            raise bad(msg, path, "UserError")
        found[name] = {"jobInputType": kind, key: str(sent[key])}
    return found


def _outputs(spec: Mapping[str, Any], given: Mapping[str, Json]) -> Json:
    declared = spec.get("outputs") or {}
    _refuse_unknown("output", declared, given)
    found: Json = {}
    for name, wanted in declared.items():
        found[name] = {"jobOutputType": wanted["type"]}
        sent = given.get(name)
        if sent is not None:
            path = f"properties.outputData.{name}"
            kind = _kind(sent.get("joboutputtype"), path)
            if kind != wanted["type"]:
                msg = f"{path} is of type {kind}; the deployment makes {wanted['type']}."
                raise bad(msg, path, "UserError")
            if sent.get("uri"):
                found[name]["uri"] = str(sent["uri"])
    return found


def _refuse_unknown(what: str, declared: Mapping[str, Any], given: Mapping[str, Json]) -> None:
    unknown = sorted(set(given) - set(declared))
    if unknown:
        has = ", ".join(declared) or "none"
        msg = f"The deployment has no {what} {', '.join(unknown)}; it has: {has}."
        raise bad(msg, f"properties.{what}Data", "UserError")


def _kind(given: object, path: str) -> str:
    found = _TYPES.get(str(given).lower().replace("_", ""))
    if found is None:
        msg = f"{path} is of type {given!r}; known are UriFile, UriFolder, MLTable and Literal."
        raise bad(msg, path, "UserError")
    return found


def _unreadable(ctx: Context, workspace: Resource, inputs: Json) -> Json | None:
    """Why the job fails: data without a kept credential is read with the invoker's own roles."""
    caller = Caller(f"workspace:{workspace['id']}", ctx.caller.principal)
    for name, given in inputs.items():
        if "uri" not in given:
            continue
        try:
            place = Places(ctx.store, workspace["id"]).locate(given["uri"])
        except PlaceError as error:
            return failure("UserError", f"input {name!r}: {error}")
        reason = permission.refusal(ctx.store, caller, place, "read")
        if reason is not None:
            who = ctx.caller.principal.name if ctx.caller.principal else "nobody"
            msg = (
                f"input {name!r}: the invoker {who!r} may not read {place.account}/"
                f"{place.container} ({reason})"
            )
            return failure("UserError", msg)
    return None
