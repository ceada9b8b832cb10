"""Azure Machine Learning: workspaces, assets, jobs and their run history.

Importing it registers its resource types, its requests on ARM and its hosts.
"""

from emulator.azureml import (
    api_host,
    assets,
    computes,
    control,
    datastores,
    endpoints,
    network,
    registries,
    workspaces,
)
from emulator.azureml.service import attach

__all__ = [
    "api_host",
    "assets",
    "attach",
    "computes",
    "control",
    "datastores",
    "endpoints",
    "network",
    "registries",
    "workspaces",
]
