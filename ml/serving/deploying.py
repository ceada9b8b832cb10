"""Making the deployment that serves a registered model: beside what serves, without traffic."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from ml import environments
from ml.errors import PlatformError
from ml.refusals import explained
from ml.workspace import RegisteredModel, Workspace, plain

if TYPE_CHECKING:
    from azure.ai.ml.entities import OnlineDeployment, OnlineEndpoint

CODE = Path(__file__).parents[1]
SCRIPT = "serving/score.py"
SUCCEEDED = "Succeeded"
REPLACES = "replaces"  # whom it took over from, which a rollback needs
COLLECTED = ("model_inputs", "model_outputs")


@dataclass(frozen=True, kw_only=True)
class Size:
    """What a deployment has: machines, requests at once on each, and the longest answer.

    The service's own defaults, one request at once and 5 s, refuse callers that arrive together.
    """

    instance_type: str = "Standard_DS3_v2"
    instances: int = 1
    at_once: int = 8
    timeout_ms: int = 5_000


def state_of(resource: "OnlineEndpoint | OnlineDeployment") -> str:
    """Return the provisioning state, which the client gives as a word or as an enumeration."""
    state: object = resource.provisioning_state
    return str(state.value if isinstance(state, Enum) else state or "")


def deploy(
    workspace: Workspace,
    *,
    endpoint: str,
    name: str,
    model: RegisteredModel,
    replaces: str | None = None,
    size: Size | None = None,
) -> "OnlineDeployment":
    """Make a deployment and wait until it can serve; again is fine, and goes on where it was.

    Raises:
        PlatformError: the name is taken by another model, or the deployment did not come up.
    """
    from azure.ai.ml.entities import (  # noqa: PLC0415  takes seconds that --help does not need
        CodeConfiguration,
        DataCollector,
        DeploymentCollection,
        ManagedOnlineDeployment,
        OnlineRequestSettings,
    )
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  as above

    client, size = workspace.client, size or Size()
    what = f"deployment {name} of endpoint {endpoint}"
    environment = workspace.ensure_environment(environments.SERVING.definition)
    with explained(workspace.place, what):
        try:
            found = client.online_deployments.get(name, endpoint)
        except ResourceNotFoundError:
            found = None
        wanted = str(client.models.get(model.name, version=model.version).id)
    if found is not None and str(found.model).casefold() != wanted.casefold():
        raise PlatformError(
            f"{what} serves {found.model}, not {model.name}:{model.version}; delete it, or release "
            "under another name"
        )
    if found is not None and state_of(found) == SUCCEEDED:
        return found
    deployment = ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint,
        model=wanted,
        environment=environment,
        code_configuration=CodeConfiguration(code=str(CODE), scoring_script=SCRIPT),
        instance_type=size.instance_type,
        instance_count=size.instances,
        request_settings=OnlineRequestSettings(
            max_concurrent_requests_per_instance=size.at_once, request_timeout_ms=size.timeout_ms
        ),
        data_collector=DataCollector(
            collections={each: DeploymentCollection(enabled="true") for each in COLLECTED}
        ),
        tags={REPLACES: replaces} if replaces else {},
    )
    with explained(workspace.place, what), plain():
        made = client.online_deployments.begin_create_or_update(deployment).result()
    if state_of(made) != SUCCEEDED:
        raise PlatformError(
            f"{what} is {state_of(made)}; `az ml online-deployment get-logs` says why"
        )
    return made
