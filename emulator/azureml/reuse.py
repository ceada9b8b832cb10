"""Reusing the results of a step whose code, command, environment and inputs are the same."""

import hashlib
import json
from collections.abc import Mapping

from emulator.arm.behaviours import Services
from emulator.azureml.places import PlaceError, Places
from emulator.azureml.runs import Run, Runs
from emulator.runner import identity
from emulator.runner.model import Data, Step, Value


def key(services: Services, workspace: str, step: Step, inputs: Mapping[str, Value]) -> str:
    """A digest of all that decides what a deterministic step makes."""
    store = services.store
    environment = store.get(step.environment.removeprefix("azureml:")) or {}
    compute = store.get(f"{workspace}/computes/{str(step.compute).rpartition('/')[2]}") or {}
    parts = {
        # a result is not handed to an identity that could not have made it
        "identities": [who.object_id for who in identity.of_resource(store, compute)],
        "command": step.command,
        "how": [repr(step.sweep), repr(step.launch), repr(step.parallel)],
        "code": step.code,
        "environment": (environment.get("properties") or {}).get("condaFile") or step.environment,
        "variables": dict(step.variables),
        "inputs": {
            name: (
                ["data", value.uri, _revision(services, workspace, value)]
                if isinstance(value, Data)
                else ["literal", value.text]
            )
            for name, value in inputs.items()
        },
        "outputs": {
            name: [spec.type, spec.uri, spec.asset_name, spec.asset_version]
            for name, spec in step.outputs.items()
        },
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def find(services: Services, runs: Runs, workspace: str, digest: str) -> Run | None:
    """An earlier run with that digest whose outputs are all still there."""
    found = runs.reusable(workspace, digest)
    if found is None:
        return None
    places = Places(services.store, workspace)
    try:
        kept = all(
            places.locate(str(made["uri"])).exists(services.blobs)
            for made in found.outputs.values()
            if made.get("uri")
        )
    except PlaceError:
        return None
    return found if kept else None


def _revision(services: Services, workspace: str, data: Data) -> list[str]:
    """The content behind an address: a path in a datastore can be written again."""
    try:
        place = Places(services.store, workspace).locate(data.uri)
    except PlaceError:
        return []
    prefix = place.path.rstrip("/")
    found = services.blobs.list(place.account, place.container, prefix)
    return [
        f"{b.name} {b.etag}" for b in found if b.name == prefix or b.name.startswith(f"{prefix}/")
    ]
