"""What a scorer is started with: code, model, environment and variables, as on Azure's machines."""

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml.places import PlaceError, Places
from emulator.azureml.text import workspace_of
from emulator.azureml.uris import AssetVersion, parse
from emulator.runner import environments, identity, permission, variables
from emulator.runner.conda import EnvironmentRefusedError
from emulator.runner.conda_files import conda_text
from emulator.runner.data import Carrier
from emulator.runner.environments import EnvironmentBuildError, Say
from emulator.runner.errors import StepError
from emulator.runner.identity import Grant


class PackageError(Exception):
    """A deployment that cannot be started, with the reason."""


@dataclass(frozen=True)
class Package:
    """A deployment on disk, ready to be started as often as it has instances."""

    folder: Path
    environment: Path
    script: str
    variables: Mapping[str, str]
    grant: Grant


def build(services: Services, deployment: Resource, folder: Path, say: Say) -> Package:
    """Put a deployment together in a folder of its own.

    Raises:
        PackageError: a part is missing, cannot be read by the endpoint's identity, or not be built.
    """
    try:
        return _build(services, deployment, folder, say)
    except (PlaceError, StepError, EnvironmentRefusedError, EnvironmentBuildError) as error:
        raise PackageError(str(error)) from error


def _build(services: Services, deployment: Resource, folder: Path, say: Say) -> Package:
    properties, store = deployment["properties"], services.store
    workspace = store.get(workspace_of(deployment["id"]))
    endpoint = store.get(deployment["id"].rpartition("/deployments/")[0])
    if workspace is None or endpoint is None:
        msg = "the endpoint was deleted"
        raise PackageError(msg)
    shutil.rmtree(folder, ignore_errors=True)
    code = folder / "code"
    code.mkdir(parents=True)
    who = identity.of_resource(store, endpoint)
    carrier = Carrier(store, services.blobs, workspace["id"], who[0] if who else None)
    configuration = properties.get("codeConfiguration") or {}
    if configuration.get("codeId"):
        _code(carrier, str(configuration["codeId"]), code)
    script = str(configuration.get("scoringScript") or "")
    if not (code / script).is_file():
        msg = f"the scoring script {script!r} is not in the code; it has: {_names(code)}"
        raise PackageError(msg)
    own: dict[str, str] = {}
    if properties.get("model"):
        own["AZUREML_MODEL_DIR"] = str(_model(carrier, str(properties["model"]), folder))
    collections = (properties.get("dataCollector") or {}).get("collections") or {}
    if collections:
        own |= _collecting(collections, folder)
    environment = environments.ensure(
        conda_text(services, workspace, str(properties.get("environmentId") or "")), say
    )
    return Package(
        folder=folder,
        environment=environment,
        script=script,
        variables={
            **_machine(environment),
            **variables.network(services, workspace),
            "AML_APP_ROOT": str(code),
            "AZUREML_ENTRY_SCRIPT": script,
            "SERVICE_NAME": deployment["name"],
            "WORKSPACE_NAME": workspace["name"],
            **own,
            **{str(k): str(v) for k, v in (properties.get("environmentVariables") or {}).items()},
        },
        grant=Grant(who),
    )


def _code(carrier: Carrier, id_: str, folder: Path) -> None:
    found = carrier.store.get(id_.removeprefix("azureml:"))
    if found is None:
        msg = f"the code {id_} was not found in the workspace"
        raise PackageError(msg)
    carrier.code(found["properties"]["codeUri"], folder)


def _model(carrier: Carrier, id_: str, folder: Path) -> Path:
    """Copy the model to NAME/VERSION/its own folder, of which Azure names the first two."""
    address = parse(id_)
    place = Places(carrier.store, carrier.workspace).locate(id_)
    if not isinstance(address, AssetVersion):
        msg = f"properties.model is {id_!r}; give the id of a registered model"
        raise PackageError(msg)
    refusal = permission.refusal(carrier.store, carrier.caller, place, "read")
    if refusal is not None:
        who = carrier.principal.name if carrier.principal else "nobody: it has none"
        msg = (
            f"the endpoint's identity ({who}) may not read the model in {place.account}/"
            f"{place.container}: {refusal}"
        )
        raise PackageError(msg)
    target = folder / "azureml-models" / address.name / str(address.version)
    name = Path(place.path.rstrip("/")).name
    if not place.exists(carrier.blobs):
        msg = f"nothing is stored at {place.text()}, where the model {address.name} should be"
        raise PackageError(msg)
    carrier.blobs.download_tree(
        place.account, place.container, place.path.rstrip("/"), target / name
    )
    return target


def _collecting(collections: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Write the collector's settings where Microsoft's package looks for them."""
    wanted = {
        name: {
            "enabled": str(one.get("dataCollectionMode")).lower() == "enabled",
            "sampleRatePercentage": round(100 * float(one.get("samplingRate") or 1)),
        }
        for name, one in collections.items()
    }
    file = folder / "mdc-config.json"
    file.write_text(json.dumps({"runMode": "cloud", "collections": wanted}))
    return {"AZUREML_MDC_CONFIG_PATH": str(file)}


def _machine(environment: Path) -> dict[str, str]:
    kept = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "SHELL")
    path = os.pathsep.join([str(environment / "bin"), os.environ.get("PATH", os.defpath)])
    return {
        **{key: os.environ[key] for key in kept if key in os.environ},
        "PATH": path,
        "VIRTUAL_ENV": str(environment),
        "PYTHONUNBUFFERED": "1",
    }


def _names(folder: Path) -> str:
    return ", ".join(sorted(path.name for path in folder.iterdir())) or "nothing"
