"""The monitor's job for whoever serves now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from ml import collected, environments
from ml import task as tasks
from ml.errors import PlatformError
from ml.refusals import explained
from ml.release.crowning import model_of
from ml.release.opening import Releases
from ml.release.patience import patiently
from ml.target import Target
from ml.workspace import Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob


class NothingServedError(PlatformError):
    """There is nothing to look at yet."""


@dataclass(frozen=True)
class Chosen:
    """What to look at; who serves most, and the policy's latest window, unless it says."""

    endpoint: str | None = None
    deployment: str | None = None
    days: tuple[date | None, date | None] = (None, None)
    compute: str | None = None


def job(
    target: Target, workspace: Workspace, task: str, chosen: Chosen, say: Callable[[str], None]
) -> "PipelineJob":
    """Return the monitor's job; nothing is sent.

    Raises:
        NothingServedError: nobody serves, or what does has collected nothing.
    """
    from ml.pipelines import monitor as pipeline  # noqa: PLC0415  the client's import takes seconds

    endpoint = target.endpoint(task, chosen.endpoint)
    releases = Releases(workspace, task, endpoint)
    live = patiently(releases.endpoint.read).traffic.live
    name = chosen.deployment or max(live, key=lambda each: live[each], default=None)
    if name is None:
        raise NothingServedError(
            f"nothing serves at {endpoint}; `mlops release` lets a model serve, or give "
            "--deployment"
        )
    with explained(workspace.place, f"deployment {name}"):
        model = model_of(workspace.client.online_deployments.get(name, endpoint))
    say(f"{endpoint}: {name} serves {model[0]}:{model[1]}")
    if not _there(releases, collected.collection(endpoint, name, collected.OUTPUTS)):
        raise NothingServedError(
            f"deployment {name} of {endpoint} has collected nothing; is it called, and is its "
            "data collector on?"
        )
    labels = _there(releases, f"{collected.LABELS}/{endpoint}/")
    if not labels:
        say(f"there are no labels at {collected.LABELS}/{endpoint}/ yet")
    workspace.ensure_environment(environments.DEFINITION)
    return pipeline.build(
        tasks.load(task),
        endpoint=endpoint,
        champion=pipeline.Champion(name=model[0], version=model[1], deployments=(name,)),
        compute=chosen.compute or target.compute,
        days=chosen.days,
        found=pipeline.Found(
            labels=labels,
            earlier=_there(releases, pipeline.hours_of(endpoint)),
        ),
    )


def _there(releases: Releases, folder: str) -> bool:
    with explained(releases.workspace.place, f"the data below {folder}"):
        return any(True for _ in releases.container(None).list_blobs(name_starts_with=folder))
