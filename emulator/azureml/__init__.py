"""Azure Machine Learning: workspaces, assets, jobs and their run history.

Importing it registers its resource types, its requests on ARM and its hosts.
"""

from emulator.azureml import (
    api_host,
    assets,
    batch_deployments,
    computes,
    control,
    datastores,
    endpoints,
    inference_host,
    network,
    registries,
    registry_assets,
    schedules,
    workspaces,
)
from emulator.azureml.service import attach

__all__ = [
    "api_host",
    "assets",
    "attach",
    "batch_deployments",
    "computes",
    "control",
    "datastores",
    "endpoints",
    "inference_host",
    "network",
    "registries",
    "registry_assets",
    "schedules",
    "workspaces",
]
