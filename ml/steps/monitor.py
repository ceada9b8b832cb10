"""Monitor: what an endpoint served in some days is held against its champion's reference.

An alarm is a result: the step succeeds, and its run carries the tags that say how grave it is.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml import collected, tracking
from ml import task as tasks
from ml.errors import TaskError
from ml.steps import command, reference

if TYPE_CHECKING:
    from ml.monitoring import FolderSource


def mounted(endpoint: str, answers: Path, labels: Path | None) -> "FolderSource":
    """Return the folders of an endpoint as files of the workspace's container."""
    from ml.monitoring import FolderSource  # noqa: PLC0415  see main

    parts = {f"{collected.PREFIX}/{endpoint}/": answers}
    return FolderSource(parts | ({f"{collected.LABELS}/{endpoint}/": labels} if labels else {}))


def main(arguments: Sequence[str]) -> None:
    """Read the command line and look."""
    parser = command.parser("monitor", "Hold what was served against the champion's reference.")
    parser.add_argument("--endpoint", required=True, help="online endpoint")
    parser.add_argument("--deployments", required=True, help="who serves the model, with commas")
    parser.add_argument("--model", type=Path, required=True, help="folder of the registered model")
    parser.add_argument("--model-name", default="unknown", help="its name and version")
    parser.add_argument("--collected", type=Path, required=True, help="what the endpoint collected")
    parser.add_argument("--labels", type=Path, help="labels of the endpoint's rows")
    parser.add_argument("--earlier", type=Path, help="hours that earlier looks have counted")
    parser.add_argument("--first", type=_day, help="first day (default: a window up to yesterday)")
    parser.add_argument("--last", type=_day, help="last day (default: yesterday)")
    parser.add_argument("--alarm-level-threshold", type=float, default=1.5, help="default: 1.5")
    parser.add_argument("--hours", type=Path, required=True, help="folder to keep counted hours in")
    parser.add_argument("--findings", type=Path, required=True, help="folder to write findings to")
    parser.add_argument("--signal", type=Path, required=True, help="folder for Azure ML's table")
    given = parser.parse_args(arguments)
    if given.first and given.last and given.first > given.last:
        raise TaskError(f"the window ends on {given.last}, before {given.first}; turn them round")
    from ml import monitoring  # noqa: PLC0415  seconds that --help does not need
    from ml.drift import policy  # noqa: PLC0415  as above
    from ml.monitoring import writing  # noqa: PLC0415  as above

    wanted = policy.load(given.task)
    first, last = monitoring.latest(wanted, datetime.now(UTC).date())
    deployments = [name.strip() for name in given.deployments.split(",") if name.strip()]
    served = monitoring.Served(
        task=tasks.load(given.task),
        policy=wanted,
        reference=reference.read(given.model),
        source=mounted(given.endpoint, given.collected, given.labels),
        endpoint=given.endpoint,
        deployments=deployments,
        store=monitoring.Store(command.made(given.hours), given.earlier),
    )
    found = monitoring.look(served, given.first or first, given.last or last)
    about = {
        "task": given.task,
        "endpoint": given.endpoint,
        "deployments": ", ".join(deployments),
        "model": given.model_name,
        "false_alarms_per_month": found.findings.false_alarms_per_month,
    }
    writing.write(found, about, command.made(given.findings))
    writing.signal(found.findings, command.made(given.signal), given.alarm_level_threshold)
    command.log.info("%s", found.findings.text)
    command.log.info("%d hours read, %d known before", found.seen.read, found.seen.known)
    command.log.info("alarm %s, event %s", found.alarm, found.event)
    tags = {"alarm": found.alarm, "event": found.event, "endpoint": given.endpoint}
    tracking.record(writing.metrics(found), {}, tags)


def _day(text: str) -> date:
    return date.fromisoformat(text)


if __name__ == "__main__":
    command.run(main)
