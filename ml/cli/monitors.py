"""What `mlops monitor` does: send the monitor's job, follow it, and show what it found."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from rich.markup import escape

from ml import job_results
from ml.cli import console
from ml.cli.follow import Progress, follow
from ml.drift.findings import Findings, Level
from ml.errors import PlatformError
from ml.monitoring import sending
from ml.monitoring.writing import FINDINGS, SUMMARY, number
from ml.refusals import explained
from ml.target import Target
from ml.workspace import Run, Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import PipelineJob

TAIL = 20
COLOURS = {Level.PAGE: "red", Level.NOTE: "yellow", Level.UNKNOWN: "cyan"}
AT = (6, 0)  # UTC: the day before is over in most of the world


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    task: str
    endpoint: str | None
    deployment: str | None
    days: tuple[date | None, date | None]
    compute: str | None


@dataclass(frozen=True)
class Look:
    """What a job found."""

    summary: Mapping[str, object]
    findings: Findings


@dataclass(frozen=True)
class Monitored:
    """A job that was sent, and what it found where it did not fail."""

    job: Run
    seconds: float
    look: Look | None

    @property
    def document(self) -> dict[str, object]:
        """The outcome for programs."""
        found = self.look
        return {
            "job": self.job.name,
            "status": self.job.status,
            "seconds": round(self.seconds, 1),
            "summary": dict(found.summary) if found else None,
            "findings": found.findings.model_dump(mode="json")["findings"] if found else None,
        }


def run(target: Target, workspace: Workspace, wish: Wish) -> Monitored:
    """Send the job and wait for its end."""
    from ml.pipelines import monitor as pipeline  # noqa: PLC0415  the client's import takes seconds

    job = workspace.submit(_job(target, workspace, wish), f"{wish.task}-monitor")
    console.err.print(f"job {job.name} sent to {wish.compute or target.compute}")
    progress = Progress.of(pipeline.STEPS)
    follow(workspace, job, progress, console.err, time.sleep)
    ended = progress.job or job
    if ended.status != "Completed":
        _explain(workspace, ended, progress)
        return Monitored(ended, progress.elapsed, None)
    return Monitored(ended, progress.elapsed, _downloaded(workspace, ended))


def schedule(target: Target, workspace: Workspace, wish: Wish) -> str:
    """Let the job run every day, beginning tomorrow; return the schedule's name.

    Raises:
        PlatformError: the wish names days, which would be the same every day.
    """
    from ml.pipelines import monitor as pipeline  # noqa: PLC0415  as above

    if wish.days != (None, None):
        raise PlatformError("a schedule looks at the latest days; leave out --from and --to")
    start = datetime.now(UTC).date() + timedelta(days=1)
    # The service replaces a schedule of the same name: whoever releases another model asks again.
    name = f"monitor-{target.endpoint(wish.task, wish.endpoint)}"
    made = pipeline.on_schedule(name, _job(target, workspace, wish), at=AT, start=start)
    with explained(workspace.place, f"schedule {name}"):
        workspace.client.schedules.begin_create_or_update(made).result()
    return name


def show(found: Look, *, every: bool) -> None:
    """Print the findings, the gravest first."""
    said = found.summary
    console.out.print(
        f"{said['endpoint']}, {said['first_day']} to {said['last_day']}: {said['rows']} rows of "
        f"{said['days']} days, {said['labelled']} with a label, model {said['model']}"
    )
    chosen = [each for each in found.findings.findings if every or each.level is not Level.FINE]
    rows = [
        (
            _coloured(each.level),
            str(each.signal),
            escape(each.subject + (f" in {each.segment}" if each.segment else "")),
            number(each.effect),
            number(each.threshold),
            escape(each.reason),
        )
        for each in chosen
    ]
    if rows:
        console.as_table(("level", "signal", "subject", "value", "threshold", "reason"), rows)
    console.out.print(
        f"{said['tests']} tests, at most {said['false_alarms_per_month']} false alarms a month: "
        f"alarm {said['alarm']}, event {said['event']}"
    )


def _job(target: Target, workspace: Workspace, wish: Wish) -> "PipelineJob":
    chosen = sending.Chosen(wish.endpoint, wish.deployment, wish.days, wish.compute)
    return sending.job(target, workspace, wish.task, chosen, console.say)


def _downloaded(workspace: Workspace, job: Run) -> Look:
    texts = job_results.texts(workspace, job.name, "findings", FINDINGS, SUMMARY)
    return Look(json.loads(texts[SUMMARY]), Findings.model_validate_json(texts[FINDINGS]))


def _explain(workspace: Workspace, job: Run, progress: Progress) -> None:
    """Show the end of the log of what failed."""
    for step in progress.failed:
        console.err.print(f"\nstep {step.title} failed; the end of its log:", style="red")
        for text in workspace.log(step.run)[-TAIL:]:
            console.err.print(f"  {text}", markup=False)
    console.err.print(f"job {job.name} ended as {job.status}", style="red")


def _coloured(level: Level) -> str:
    colour = COLOURS.get(level)
    return f"[{colour}]{level}[/{colour}]" if colour else str(level)
