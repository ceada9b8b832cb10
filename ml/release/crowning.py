"""Writing down who is champion: the version whose deployment has all of an endpoint's traffic.

Training compares with the champion, so that it must know of releases and rollbacks. The endpoint
says who serves; the tag follows it, and the next turn repairs what a killed one left.
"""

import re
from typing import TYPE_CHECKING

from ml.errors import PlatformError
from ml.refusals import explained
from ml.release.azure.endpoint import AzureEndpoint
from ml.release.traffic import WHOLE
from ml.verdict.reigning import CHAMPION, ROLE
from ml.workspace import RegisteredModel, Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import OnlineDeployment

MANY = 1000
# An id of ARM, of the service, or the short form that a deployment was made with.
_ASSET = re.compile(
    r"(?:/models/(?P<name>[^/:]+)/versions/|^azureml:(?P<short>[^/:]+):)(?P<version>[^/]+)$"
)


def model_of(deployment: "OnlineDeployment") -> tuple[str, str]:
    """Return name and version of the model that a deployment serves.

    Raises:
        PlatformError: it serves no registered model.
    """
    found = _ASSET.search(str(deployment.model or ""))
    if found is None:
        raise PlatformError(
            f"deployment {deployment.name} serves {deployment.model or 'no model'}, which is no "
            "registered version; release one with `mlops release`"
        )
    return found["name"] or found["short"], found["version"]


def crown(workspace: Workspace, endpoint: AzureEndpoint) -> RegisteredModel | None:
    """Tag the version that has all traffic as champion and no other; none while it is shared.

    Raises:
        PlatformError: the deployment serves no registered version, or Azure refuses.
        UnavailableError: the endpoint did not answer.
    """
    traffic = endpoint.read().traffic
    whole = [name for name, share in traffic.live.items() if share == WHOLE]
    if not whole or traffic.split is not None:
        return None
    with explained(workspace.place, f"deployment {whole[0]}"):
        deployment = workspace.client.online_deployments.get(whole[0], endpoint.name)
    name, version = model_of(deployment)
    champion = None
    # Others lose the tag first: two champions would stop every training, none does not.
    for each in workspace.models(name, MANY):
        if each.version == version:
            champion = each
        elif each.tags.get(ROLE) == CHAMPION:
            _tag(workspace, each, champion=False)
    if champion is not None and champion.tags.get(ROLE) != CHAMPION:
        _tag(workspace, champion, champion=True)
    return champion


def _tag(workspace: Workspace, model: RegisteredModel, *, champion: bool) -> None:
    with explained(workspace.place, f"model {model.name}:{model.version}"):
        found = workspace.client.models.get(model.name, version=model.version)
        tags = {name: value for name, value in (found.tags or {}).items() if name != ROLE}
        found.tags = {**tags, ROLE: CHAMPION} if champion else tags
        workspace.client.models.create_or_update(found)
