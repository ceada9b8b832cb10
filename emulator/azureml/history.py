"""Run history: what the client's `stream`, `download` and listings of steps read."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError
from emulator.arm.store import Store
from emulator.azureml import uris
from emulator.azureml.places import Places
from emulator.azureml.runs import Run, Runs
from emulator.azureml.text import iso
from emulator.tracking.metrics import Metrics

Json = dict[str, Any]
_RUN_TYPES = {
    "Pipeline": "azureml.PipelineRun",
    "Command": "azureml.scriptrun",
    "Sweep": "azureml.sweep",
    "Interactive": "azureml.run",
}


def run_json(store: Store, run: Run) -> Json:
    """A run as run history shows it."""
    experiment = Runs(store).experiment(run.workspace, run.experiment)
    root = run.root or run.name
    return {
        "runId": run.name,
        "runUuid": run.name,
        "runNumber": run.sequence,
        "rootRunId": root,
        "parentRunId": run.parent,
        "experimentId": experiment.id,
        "status": run.status,
        "displayName": run.display_name,
        "name": run.display_name,
        "description": run.description,
        "hidden": run.hidden,
        "runType": (
            "azureml.StepRun"
            if run.parent and run.kind == "Command"
            else _RUN_TYPES.get(run.kind, "azureml.run")
        ),
        "runTypeV2": {"orchestrator": "Execution", "traits": [], "computeType": "AmlCTrain"},
        "target": run.compute,
        "compute": (
            {"target": run.compute, "targetType": "AmlCompute", "instanceCount": 1}
            if run.compute
            else None
        ),
        "createdUtc": iso(run.created),
        "startTimeUtc": iso(run.started),
        "endTimeUtc": iso(run.ended),
        "duration": _duration(run),
        "createdBy": run.created_by or None,
        "tags": run.tags,
        "properties": run.properties,
        "dataContainerId": f"dcid.{run.name}",
        "error": {"error": run.error, "time": iso(run.ended)} if run.error else None,
        "warnings": [],
        "inputs": {},
        "outputs": {
            n: _reference(run, n, made) for n, made in run.outputs.items() if made.get("uri")
        },
        "services": {},
        "revision": run.sequence,
    }


def details(store: Store, run: Run, logs: Mapping[str, str]) -> Json:
    """A run with its logs, and what it logged."""
    metrics = Metrics(store)
    return {
        **run_json(store, run),
        "createdTimeUtc": iso(run.created),
        "logFiles": dict(logs),
        "runDefinition": definition(run),
        "parameters": metrics.params(run),
        "metrics": {key: metric.value for key, metric in metrics.latest(run).items()},
    }


def definition(run: Run) -> Json:
    """What was run: the part that the studio shows."""
    known = ("command", "codeId", "environmentId", "componentId", "environmentVariables")
    return {key: run.definition[key] for key in known if run.definition.get(key)}


def run_data(store: Store, run: Run) -> Json:
    """The answer of `rundata`."""
    return {
        "runMetadata": run_json(store, run),
        "runDefinition": definition(run),
        "jobSpecification": None,
    }


def children(store: Store, run: Run) -> Json:
    """The steps of a pipeline, in the order in which they began."""
    return {
        "value": [run_json(store, child) for child in Runs(store).children(run.workspace, run.name)]
    }


def change(store: Store, run: Run, body: Mapping[str, Any]) -> Run:
    """PATCH of a run: its words, tags and properties; what the service decides stays."""
    runs = Runs(store)
    words = {"displayName": "display_name", "name": "display_name", "description": "description"}
    changes: dict[str, object] = {
        field: str(body[key]) for key, field in words.items() if body.get(key) is not None
    }
    if body.get("hidden") is not None:
        changes["hidden"] = bool(body["hidden"])
    if changes:
        run = runs.update(run, **changes)
    tags, properties = body.get("tags"), body.get("properties")
    if tags or properties:
        fixed = sorted(
            set(properties or {})
            & {k for k, v in run.properties.items() if v != (properties or {}).get(k)}
        )
        if fixed:
            msg = (
                f"Run {run.name!r}: the properties {', '.join(fixed)} are set and cannot be"
                " changed; use tags."
            )
            raise ArmError(400, "UserError", msg, "properties")
        run = runs.merge(run, tags=tags, properties=properties)
    return run


def resolved(store: Store, workspace: str, addresses: list[str], key: str) -> Json:
    """The answer of `batchGetResolvedUris`: where each output of a job lies."""
    places = Places(store, workspace)
    found: Json = {}
    for address in addresses:
        parsed = uris.parse(address if address.startswith("azureml:") else f"azureml:/{address}")
        if isinstance(parsed, uris.JobOutput):
            found[address] = {
                key: uris.long_datastore_uri(workspace, places.datastore_path(parsed))
            }
    return {"values": found}


def _reference(run: Run, name: str, made: Json) -> Json:
    # The client 1.35.2 fails on outputs reported as models: it asks for them with an argument
    # that its own request does not have. Folders they are in any case.
    kind = made.get("jobOutputType")
    shown = kind if kind in ("uri_file", "mltable") else "uri_folder"
    return {"assetId": f"{run.workspace}/jobs/{run.name}/outputs/{name}", "type": shown}


def _duration(run: Run) -> str | None:
    if run.started is None or run.ended is None:
        return None
    seconds = run.ended - run.started
    return f"{int(seconds // 3600):02d}:{int(seconds % 3600 // 60):02d}:{seconds % 60:09.6f}"
