"""Where the workspace is: given by Azure ML inside a job, by the caller elsewhere."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from ml.errors import PlatformError

# As Azure ML sets them for every job.
VARIABLES = {
    "subscription": "AZUREML_ARM_SUBSCRIPTION",
    "resource_group": "AZUREML_ARM_RESOURCEGROUP",
    "workspace": "AZUREML_ARM_WORKSPACE_NAME",
}


@dataclass(frozen=True)
class Place:
    """The coordinates of one workspace."""

    subscription: str
    resource_group: str
    workspace: str

    def __str__(self) -> str:
        return f"{self.workspace} in {self.resource_group}"


def from_environment(environment: Mapping[str, str] | None = None) -> Place:
    """Return the workspace that the running job belongs to."""
    values = os.environ if environment is None else environment
    absent = [name for name in VARIABLES.values() if not values.get(name)]
    if absent:
        raise PlatformError(
            f"{', '.join(absent)} not set: this step runs inside an Azure ML job; elsewhere, set "
            "them to the workspace that it shall register in"
        )
    return Place(**{field: values[name] for field, name in VARIABLES.items()})
