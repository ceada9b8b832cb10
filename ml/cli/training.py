"""`mlops train`: send the training pipeline, follow it, and say what came out."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ml import asking, environments, job_results
from ml import task as tasks
from ml.asking import Given, Wish
from ml.cli import carrying, console, raw_data
from ml.cli.follow import Progress, Step, follow
from ml.data import manifest
from ml.errors import PlatformError
from ml.steps.prepare import with_periods
from ml.target import Target
from ml.task import Task
from ml.workspace import RegisteredModel, Run, Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob

    Build = Callable[[Target, Wish, Task, Given], PipelineJob]

TAIL = 30
AGAIN = "the same command again repeats no step whose result is there already"


@dataclass(frozen=True)
class Planned:
    """What a training would be; `new` says that its data would be uploaded."""

    task: str
    data: str
    new: bool
    champion: str | None
    computes: tuple[str, str]
    periods: dict[str, tuple[str, str]]
    steps: tuple[str, ...]

    @property
    def document(self) -> dict[str, object]:
        """The plan for programs."""
        return {**asdict(self), "done": False}


@dataclass(frozen=True)
class Outcome:
    """A pipeline that was sent, and how it ended where it was waited for; `why` it failed."""

    job: Run
    data: str
    steps: tuple[Step, ...] = ()
    model: RegisteredModel | None = None
    seconds: float = 0.0
    why: str = ""

    @property
    def document(self) -> dict[str, object]:
        """The outcome for programs."""
        model = self.model
        return {
            "job": self.job.name,
            "status": self.job.status,
            "data": self.data,
            "seconds": round(self.seconds, 1),
            "steps": [
                {
                    "step": step.title,
                    "status": step.status,
                    "reused": step.reused,
                    "seconds": round(step.seconds(0), 1),
                }
                for step in self.steps
            ],
            "model": model and {"name": model.name, "version": model.version, "tags": model.tags},
        }


def plan(target: Target, workspace: Workspace, wish: Wish) -> Planned:
    """Say what would be sent, and send nothing: neither data nor an environment nor a job."""
    task, folder, key = _asked(target, wish)
    alone = raw_data.is_whole(task, folder)
    with raw_data.named(task, folder, whole=alone) as files:
        version = manifest.data_version(manifest.sources_of(files))
    known = workspace.data_versions(task.settings.data.asset)
    reigns = champion(workspace, task)
    reference = f"azureml:{task.settings.data.asset}:{version}"
    wanted = asking.training(target, wish, task, Given(reference, key, reigns))
    split = task.settings.split
    return Planned(
        task=task.settings.name,
        data=reference,
        new=version not in {each.version for each in known},
        champion=f"{reigns.name}:{reigns.version}" if reigns else None,
        computes=(wish.compute or target.compute, target.gate_compute),
        periods={"train": split.train, "holdout": split.holdout},
        steps=tuple(wanted.jobs),
    )


def train(target: Target, workspace: Workspace, wish: Wish) -> Outcome:
    """Send the pipeline and, unless told otherwise, wait for its end."""
    outcome = _sent(target, workspace, wish, asking.training)
    if not wish.wait or outcome.job.status != "Completed":
        return outcome
    name = tasks.load(wish.task).settings.model
    return replace(outcome, model=job_results.registered(workspace, name, outcome.job.name))


def ask(target: Target, workspace: Workspace, wish: Wish) -> Outcome:
    """Send the pipeline that asks whether training would help; its outcome has no model.

    Raises:
        TaskError: there is no champion to compare with.
    """
    return _sent(target, workspace, wish, asking.would_help)


def _sent(target: Target, workspace: Workspace, wish: Wish, build: "Build") -> Outcome:
    """Bring what a pipeline starts from, send it, and follow it if that was asked for."""
    task, folder, key = _asked(target, wish)
    say = console.err.print
    say(f"workspace {target.place}")
    data, earlier = carrying.upload(workspace, task, folder, wish.previous)
    say(f"data {data.name}:{data.version} {'uploaded' if data.new else 'is there already'}")
    if earlier:
        say(f"windows that it lacks come from {', '.join(reversed(earlier))}")
    environment = workspace.ensure_environment(environments.DEFINITION)
    reigns = champion(workspace, task)
    say(f"champion {reigns.name}:{reigns.version}" if reigns else "no champion yet")
    wanted = build(target, wish, task, Given(data.reference, key, reigns, environment, earlier))
    job = workspace.job_if_there(wish.job) if wish.job else None
    if job is None:
        wanted.name = wish.job
        job = workspace.submit(wanted, task.settings.name)
        say(f"job {job.name} sent to {wish.compute or target.compute}")
    else:
        say(f"job {job.name} was sent before")
    if not wish.wait:
        return Outcome(job, data.reference)
    progress = Progress.of(tuple(wanted.jobs))
    try:
        follow(workspace, job, progress, console.err, time.sleep)
    except KeyboardInterrupt:
        say(f"stopped watching; job {job.name} goes on. `mlops cancel {job.name}` stops it")
        raise
    except PlatformError:
        say(f"job {job.name} can be followed no longer; {AGAIN}")
        raise
    ended = progress.job or job
    why = _explain(workspace, ended, progress) if ended.status != "Completed" else ""
    steps = tuple(progress.steps.values())
    return Outcome(ended, data.reference, steps, None, progress.elapsed, why)


def show_plan(found: Planned) -> None:
    """Say what would be sent."""
    console.out.print(
        f"would train {found.task} on {found.computes[0]}, judged on {found.computes[1]}"
    )
    console.out.print(f"data       {found.data}, {'to be uploaded' if found.new else 'is there'}")
    for part, (first, last) in found.periods.items():
        console.out.print(f"{part:<10} {first} to {last}")
    console.out.print(f"champion   {found.champion or 'none yet'}")
    console.out.print(f"steps      {', '.join(found.steps)}")


def _asked(target: Target, wish: Wish) -> tuple[Task, Path, str]:
    """Return the task with its periods, the folder of its raw files, and the verdicts' key."""
    task = with_periods(tasks.load(wish.task), wish.periods)
    folder = raw_data.folder(task.settings.data, wish.data)
    key = wish.key or target.verdict_key
    if key is None:
        raise PlatformError(
            "there is no key to sign verdicts with, and without a verdict no model is registered: "
            "deploy one, the stack's output verdict_key names it, or give --key"
        )
    return task, folder, key


def champion(workspace: Workspace, task: Task) -> RegisteredModel | None:
    """Return the version that serves, or the newest that passed where none was released."""
    from ml.verdict import reigning  # noqa: PLC0415  the client's import takes seconds

    return reigning.champion(workspace.models(task.settings.model, limit=1000))


def show(outcome: Outcome, stack: str | None) -> None:
    """Say what came out and where to look next."""
    where = f" --stack {stack}" if stack else ""
    if outcome.model is None:
        console.out.print(f"job {outcome.job.name} is {outcome.job.status}")
        console.out.print(f"look at it:  mlops jobs{where}")
        return
    model, tags = outcome.model, outcome.model.tags
    console.out.print(f"model      {model.name}:{model.version}")
    console.out.print(f"hold-out   {tags.get('holdout_periods', '?')}")
    console.out.print(f"AUC        {tags.get('holdout_auc', '?')}")
    console.out.print(f"Brier      {tags.get('holdout_brier', '?')}")
    console.out.print(f"data       {tags.get('data_asset', outcome.data)}")
    console.out.print(f"job        {outcome.job.name} in {console.clock(outcome.seconds)}")
    console.out.print(f"look next: mlops models{where}, mlops jobs{where}")


def _explain(workspace: Workspace, job: Run, progress: Progress) -> str:
    """Show the end of the log of every step that failed, and return what the first one said."""
    say, why = console.err.print, ""
    for step in progress.failed:
        try:
            lines = workspace.log(step.run)
        except PlatformError as error:
            say(f"the log of step {step.title} cannot be read: {error}", markup=False)
            continue
        say(f"\nstep {step.title} failed; the end of its log:", style="red")
        for text in lines[-TAIL:] or ["(it printed nothing)"]:
            say(f"  {text}", markup=False)
        why = why or job_results.said(step.title, lines)
    skipped = [step.title for step in progress.steps.values() if step.status == "skipped"]
    if skipped:
        say(f"\nskipped because of that: {', '.join(skipped)}")
    say(
        f"job {job.name} ended as {job.status} after {console.clock(progress.elapsed)}", style="red"
    )
    say(AGAIN)
    return why or f"job {job.name} ended as {job.status}"
