"""The controller's `Trainer` on the platform: jobs and releases that go on without us."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from ml import job_results
from ml import task as tasks
from ml.release.opening import utc_now
from ml.retraining.helping import Answer
from ml.retraining.launching import Launcher
from ml.retraining.machine import Answered, Finished, Release, Shadow, Train
from ml.steps import would_help
from ml.workspace import Run, Workspace

REFUSED = "the verdict is refused"


@dataclass(frozen=True)
class JobTrainer:
    """See `Trainer`; `begin` begins a version's release, or says how it ended, or that it waits."""

    launcher: Launcher
    begin: Callable[[str], str | None]

    @property
    def workspace(self) -> Workspace:
        """Where jobs run."""
        return self.launcher.workspace

    def would_help(self, wanted: Shadow) -> Answered | None:
        """Send the shadow training if it was not, and say what it found."""
        job = self.launcher.launch(wanted)
        if not job.ended:
            return None
        why, hours = job_results.why(self.workspace, job), self._hours(job)
        if why:
            return Answered(wanted.event, hours, None, why)
        found = answer_of(self.workspace, wanted.job)
        return Answered(wanted.event, hours, found.outcome, found.reason, found.numbers)

    def train(self, wanted: Train) -> Finished | None:
        """Send the training if it was not, and say how it ended."""
        job = self.launcher.launch(wanted)
        if not job.ended:
            return None
        why = job_results.why(self.workspace, job)
        failed = bool(why) and REFUSED not in why
        hours = self._hours(job, whole=failed)
        if why:
            return Finished(wanted.event, hours, None, why, failed=failed)
        name = tasks.load(self.launcher.task).settings.model
        model = job_results.registered(self.workspace, name, wanted.job)
        if model is None:
            why = f"job {wanted.job} completed and registered no version of {name}"
            return Finished(wanted.event, hours, None, why, failed=True)
        version = f"{model.name}:{model.version}"
        said = f"the gate let {version} in, judged on {wanted.window}"
        return Finished(wanted.event, hours, version, said)

    def release(self, wanted: Release) -> str | None:
        """Begin the release if it was not, where nobody has to agree, and say how it ended."""
        return self.begin(wanted.model)

    def _hours(self, job: Run, *, whole: bool = False) -> float:
        began = [] if whole else [step.created for step in self.workspace.steps(job.name)]
        return hours_of(job.created, began, utc_now())


def answer_of(workspace: Workspace, job: str) -> Answer:
    """Read what a shadow training found.

    Raises:
        PlatformError: the job wrote no answer.
    """
    text = job_results.texts(workspace, job, would_help.OUTPUT, would_help.ANSWER)
    return Answer.model_validate_json(text[would_help.ANSWER])


def hours_of(sent: str, began: Sequence[str], now: datetime) -> float:
    """Return how long a job took, as far as jobs tell: until the last of its steps began.

    That step is a verdict or a registration, of seconds. Without steps it is until now, never less
    than what was computed.
    """
    known = [datetime.fromisoformat(each) for each in began if each]
    return max((max(known, default=now) - datetime.fromisoformat(sent)).total_seconds(), 0) / 3600
