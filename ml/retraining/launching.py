"""Sending what retraining wants, on the data and against the champion that are there by then."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml import asking, data_versions, environments
from ml import task as tasks
from ml.asking import Given, Wish
from ml.errors import PlatformError
from ml.retraining import policy
from ml.retraining.machine import Shadow, Train
from ml.retraining.windows import NEWEST, periods
from ml.target import Target
from ml.verdict import reigning
from ml.workspace import Run, Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob

KEYLESS = (
    "there is no key to sign verdicts with, and without a verdict no model is registered: deploy "
    "one, the stack's output verdict_key names it"
)


@dataclass(frozen=True)
class Launcher:
    """Sends the pipelines of one task's retraining; nothing is uploaded but the code that runs."""

    target: Target
    workspace: Workspace
    task: str

    def launch(self, wanted: Shadow | Train) -> Run:
        """Send the job of an action under its name; where it is there already, that one.

        Raises:
            PlatformError: there are no data, no key, or no answer.
            TaskError: there is no champion to compare with.
        """
        known = self.workspace.job_if_there(wanted.job)
        if known is not None:
            return known
        job = self.built(wanted)
        job.name = wanted.job
        return self.workspace.submit(job, self.task)

    def built(self, wanted: Shadow | Train) -> "PipelineJob":
        """Return the job of an action; nothing is sent."""
        task = tasks.load(self.task)
        asset = task.settings.data.asset
        versions = self.workspace.data_versions(asset)
        if not versions:
            raise PlatformError(
                f"there is no version of {asset} to learn from: `mlops train --task {self.task}` "
                "sends the first"
            )
        if self.target.verdict_key is None:
            raise PlatformError(KEYLESS)
        given = Given(
            versions[0].reference,
            self.target.verdict_key,
            reigning.champion(self.workspace.models(task.settings.model, limit=1000)),
            self.workspace.ensure_environment(environments.DEFINITION),
            data_versions.below(versions, versions[0]),
            self._asked(task, wanted.window),
        )
        wish = Wish(self.task, None, None, wait=False, periods={}, job=wanted.job)
        build = asking.training if isinstance(wanted, Train) else asking.would_help
        return build(self.target, wish, task, given)

    def _asked(self, task: tasks.Task, window: str) -> dict[str, str]:
        """Return the periods, and as of when the data are: of their own day if they are newest."""
        as_of = "now" if window == NEWEST else task.settings.data.as_of
        return {"as_of": as_of, **periods(window, policy.load(self.task).periods)}
