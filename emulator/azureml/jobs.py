"""Jobs on the ARM side: submitting, showing, listing, cancelling and deleting them."""

import re
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Store
from emulator.azureml import checks
from emulator.azureml.runs import Run, Runs
from emulator.azureml.text import NAMESPACE, bad, epoch, iso, named, one_of

Resource = dict[str, Any]
_TYPES = ("Command", "Pipeline", "Sweep", "AutoML", "Spark", "Base", "Labeling", "FineTuning")
_RUN = ("Command", "Pipeline", "Sweep")
_EXPERIMENT = r"[A-Za-z0-9][\w.-]{0,254}"


def submit(ctx: Context, workspace: Resource, name: str, body: Resource) -> tuple[Resource, bool]:
    """Put a job: a new one is checked and started, of one that is there only words can change."""
    runs = Runs(ctx.store)
    properties = body.get("properties")
    if not isinstance(properties, dict):
        msg = "The body has no properties; give the job."
        raise bad(msg, "properties")
    existing = runs.get(workspace["id"], name)
    if existing is not None:
        return show(ctx.store, _reword(runs, existing, properties)), False
    return show(ctx.store, start(ctx, workspace, name, properties)), True


def start(
    ctx: Context,
    workspace: Resource,
    name: str,
    properties: Resource,
    refused: Resource | None = None,
) -> Run:
    """Check a new job and start it; `refused` says why it fails before anything of it runs."""
    runs = Runs(ctx.store)
    named(name, r"[A-Za-z0-9][\w.-]{0,254}", "Job", "up to 255 letters, digits, -, _ or .")
    if runs.get(workspace["id"], name) is not None:
        raise ArmError(409, "Conflict", f"Job {name!r} exists already; give another name.", "name")
    definition = dict(properties)
    kind = one_of(definition.get("jobType"), _TYPES, "properties.jobType")
    if kind not in _RUN:
        msg = f"properties.jobType is {kind}; jobs of type {', '.join(_RUN)} are run here."
        raise bad(msg, "properties.jobType")
    definition["jobType"] = kind
    compute = checks.job(ctx.store, workspace["id"], name, definition)
    experiment = str(definition.get("experimentName") or "Default")
    named(
        experiment,
        _EXPERIMENT,
        "Experiment",
        "up to 255 letters, digits, -, _ or ., a letter or digit first",
    )
    principal = ctx.caller.principal
    run = Run(
        workspace=workspace["id"].lower(),
        name=name,
        kind=kind,
        experiment=experiment,
        display_name=definition.get("displayName") or name,
        description=definition.get("description"),
        compute=compute,
        definition=definition,
        outputs={k: _planned(v) for k, v in (definition.get("outputs") or {}).items()},
        tags=_texts(definition.get("tags")),
        properties=_texts(definition.get("properties")),
        hidden=bool(definition.get("isArchived", False)),
        created_by={
            "userName": principal.name if principal else "",
            "userObjectId": principal.object_id if principal else "",
            "userTenantId": ctx.services.tokens.tenant_id,
        },
    )
    if refused is not None:
        moment = time.time()
        return runs.add(replace(run, status="Failed", error=refused, started=moment, ended=moment))
    made = runs.add(run)
    ctx.services.azureml.runner.submit(made)
    return made


def show(store: Store, run: Run) -> Resource:
    """A job, or a step of one, as ARM shows it."""
    workspace = store.get(run.workspace)
    base = workspace["id"] if workspace else run.workspace
    definition = {k: v for k, v in run.definition.items() if k != "plan"}
    studio = f"https://ml.azure.com/runs/{run.name}?wsid={base}"
    tracking = str((workspace or {"properties": {}})["properties"].get("mlFlowTrackingUri", ""))
    properties: Resource = {
        **definition,
        "displayName": run.display_name,
        "description": run.description,
        "experimentName": run.experiment,
        "status": run.status,
        "tags": run.tags,
        "properties": run.properties,
        "isArchived": run.hidden,
        "services": {
            "Tracking": {
                "jobServiceType": "Tracking",
                "endpoint": tracking,
                "status": None,
                "errorMessage": None,
            },
            "Studio": {
                "jobServiceType": "Studio",
                "endpoint": studio,
                "status": None,
                "errorMessage": None,
            },
        },
        "outputs": {name: _output(made) for name, made in run.outputs.items()},
    }
    if run.compute and run.kind == "Command":
        properties["computeId"] = f"{base}/computes/{run.compute}"
    if run.parent:
        properties["parentJobName"] = run.parent
    author = run.created_by.get("userName")
    return {
        "id": f"{base}/jobs/{run.name}",
        "name": run.name,
        "type": f"{NAMESPACE}/workspaces/jobs",
        "properties": properties,
        "systemData": {
            "createdAt": iso(run.created),
            "createdBy": author,
            "createdByType": "Application",
            "lastModifiedAt": iso(run.ended or run.started or run.created),
        },
    }


def listed(store: Store, workspace: str, query: Mapping[str, str]) -> list[Resource]:
    """The jobs of a workspace, the newest first; steps of pipelines are not among them."""
    found = Runs(store).of_workspace(workspace, jobs_only=True)
    view = str(query.get("listViewType") or "ActiveOnly").lower()
    if view != "all":
        found = [run for run in found if run.hidden == (view == "archivedonly")]
    if kind := query.get("jobType"):
        found = [run for run in found if run.kind.lower() == kind.lower()]
    if tag := query.get("tag"):
        key, _, value = tag.partition("=")
        found = [run for run in found if key in run.tags and (not value or run.tags[key] == value)]
    if (start := query.get("properties")) and (pair := re.match(r"^(.*?)=(.*)$", start)):
        found = [run for run in found if run.properties.get(pair[1]) == pair[2]]
    if since := query.get("createdAfter"):
        found = [run for run in found if run.created >= epoch(since)]
    top = int(query.get("$top") or len(found))
    return [show(store, run) for run in found[:top]]


def find(store: Store, workspace: str, name: str) -> Run:
    """A run of the workspace; ARM's error when there is none."""
    run = Runs(store).get(workspace, name)
    if run is None:
        raise not_found(f"{workspace}/jobs/{name}")
    return run


def cancel(ctx: Context, workspace: str, name: str) -> None:
    """Ask a job to stop; one that has ended is left as it is."""
    run = find(ctx.store, workspace, name)
    if not run.terminal:
        ctx.services.azureml.runner.cancel(run)


def delete(ctx: Context, workspace: str, name: str) -> bool:
    """Take a finished job away with its steps; False when there is none."""
    runs = Runs(ctx.store)
    run = runs.get(workspace, name)
    if run is None:
        return False
    if not run.terminal:
        msg = f"Job {name!r} is {run.status}; cancel it first, only finished jobs can be deleted."
        raise ArmError(409, "Conflict", msg)
    for child in runs.below(workspace, name):
        runs.remove(child)
    runs.remove(run)
    return True


def new_name(prefix: str) -> str:
    """A name for a job that the service starts itself."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def _reword(runs: Runs, run: Run, properties: Resource) -> Run:
    for key in ("command", "codeId", "environmentId", "jobs"):
        given, have = properties.get(key), run.definition.get(key)
        if given is not None and have is not None and key == "command" and given != have:
            msg = (
                f"Job {run.name!r} was already submitted and its {key} cannot be changed; submit a"
                " new job."
            )
            raise ArmError(409, "Conflict", msg, f"properties.{key}")
    return runs.update(
        run,
        display_name=properties.get("displayName") or run.display_name,
        description=properties.get("description", run.description),
        tags=_texts(properties.get("tags", run.tags)),
        properties={**run.properties, **_texts(properties.get("properties"))},
        hidden=bool(properties.get("isArchived", run.hidden)),
    )


def _planned(given: object) -> Resource:
    output = dict(given) if isinstance(given, dict) else {}
    output["jobOutputType"] = str(output.get("jobOutputType") or "uri_folder").lower()
    return output


def _output(made: Resource) -> Resource:
    return {"mode": "ReadWriteMount", **made}


def _texts(given: object) -> dict[str, str]:
    return (
        {str(k): str(v) for k, v in given.items() if v is not None}
        if isinstance(given, dict)
        else {}
    )
