"""The environment variables of a step: what Azure ML sets, and the way to the local Azure."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml import tokens
from emulator.azureml.runs import Run

# Taken over from the machine; everything else of our environment is our own business.
_KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "SHELL", "LD_LIBRARY_PATH")


def of_step(
    services: Services, workspace: Resource, run: Run, environment: Path, experiment_id: str
) -> dict[str, str]:
    """The variables that do not depend on the command."""
    parts = workspace["id"].split("/")
    region = str(workspace["location"]).lower().replace(" ", "")
    host = f"{region}.api.azureml.ms"
    token = tokens.issue(services.tokens, workspace["id"], run.name)
    path = os.pathsep.join([str(environment / "bin"), os.environ.get("PATH", os.defpath)])
    return {
        **{key: os.environ[key] for key in _KEPT if key in os.environ},
        "PATH": path,
        "VIRTUAL_ENV": str(environment),
        "PYTHONUNBUFFERED": "1",
        **network(services, workspace),
        # Else its MLflow client asks for a list of clouds before anything else.
        "AZUREML_CURRENT_CLOUD": "AzureCloud",
        "AZUREML_RUN_ID": run.name,
        "AZUREML_ROOT_RUN_ID": run.root,
        "AZUREML_RUN_TOKEN": token,
        "AZUREML_EXPERIMENT_ID": experiment_id,
        "AZUREML_EXPERIMENT_NAME": run.experiment,
        "AZUREML_ARM_SUBSCRIPTION": parts[2],
        "AZUREML_ARM_RESOURCEGROUP": parts[4],
        "AZUREML_ARM_WORKSPACE_NAME": workspace["name"],
        "AZUREML_ARM_PROJECT_NAME": run.experiment,
        "AZUREML_WORKSPACE_ID": workspace["properties"]["workspaceId"],
        "AZUREML_WORKSPACE_SCOPE": workspace["id"],
        "AZUREML_SERVICE_ENDPOINT": f"https://{host}",
        "AZUREML_DISCOVERY_SERVICE_ENDPOINT": f"https://{host}/discovery",
        "MLFLOW_TRACKING_URI": f"azureml://{host}/mlflow/v1.0{workspace['id']}",
        "MLFLOW_TRACKING_TOKEN": token,
        "MLFLOW_EXPERIMENT_ID": experiment_id,
        "MLFLOW_EXPERIMENT_NAME": run.experiment,
        "MLFLOW_RUN_ID": run.name,
    }


def of_data(inputs: Mapping[str, str], outputs: Mapping[str, str]) -> dict[str, str]:
    """The paths and values of a step's inputs and outputs, under Azure ML's names."""
    return {
        **{f"AZURE_ML_INPUT_{key}": value for key, value in inputs.items()},
        **{f"AZURE_ML_OUTPUT_{key}": value for key, value in outputs.items()},
    }


def network(services: Services, workspace: Resource) -> dict[str, str]:
    """The way from a workspace's network to the local Azure."""
    bundle = str(services.bundle)
    # Twice: the client decodes the user once, and the proxy splits it at the first colon.
    place = quote(quote(f"workspace:{workspace['id']}", safe=""), safe="")
    address = services.proxy_url.removeprefix("http://").rpartition("@")[2]
    proxy = f"http://{place}@{address}"
    return {
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": bundle,
        "SSL_CERT_FILE": bundle,
    }
