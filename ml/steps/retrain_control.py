"""Retrain control: what has happened since, and the next step of the retraining under way."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ml.errors import PlatformError
from ml.steps import command

if TYPE_CHECKING:
    from ml.retraining.state import Decision
    from ml.target import Target

DECISIONS = "decisions.json"


def control(target: "Target", task: str, now: datetime, folder: Path) -> None:
    """Take what has happened in, take the steps that can be taken now, and write what was decided.

    What is wanted was written down before anything was sent, so that a turn that breaks off is
    followed by one that goes on. Another controller at work is nothing to do.

    Raises:
        PlatformError: something could not be asked; the rest was done all the same.
    """
    from ml.release import starting  # noqa: PLC0415  clients that --help does not need
    from ml.release.ports import BusyError  # noqa: PLC0415  as above
    from ml.retraining import opening, watching  # noqa: PLC0415  as above
    from ml.steps import register  # noqa: PLC0415  as above

    def start(reference: str) -> None:
        asked = starting.Asked(reference, target.stack)
        keys = partial(register.trusted, target.verdict_key, None)
        # Nothing more to ask: what would ask more, production, is never started from here.
        starting.begin(target, asked, keys, command.log.info, lambda *_: None)

    controller = opening.controller(target, task, start, command.log.info)
    made: list[Decision] = []
    problems: tuple[str, ...] = ()
    try:
        made += controller.advance().decisions
        seen = watching.Watcher(target, controller, task, command.log.info).seen(now)
        problems = seen.problems
        for event in seen.events:
            made += controller.happened(event).decisions
    except BusyError as error:
        command.log.info("%s", error)
    for each in made:
        command.log.info("%s %s: %s", each.event, each.verb, each.reason)
    found = [each.model_dump(mode="json") for each in made]
    (folder / DECISIONS).write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if problems:
        raise PlatformError("; ".join(problems))


def main(arguments: Sequence[str]) -> None:
    """Read the command line and take a turn."""
    parser = command.parser("retrain_control", "Take the next steps of a task's retraining.")
    parser.add_argument("--endpoint", required=True, help="online endpoint")
    parser.add_argument("--compute", required=True, help="cluster that trains")
    parser.add_argument("--gate-compute", required=True, help="cluster that judges")
    parser.add_argument("--key", required=True, help="identifier of the key that signs verdicts")
    parser.add_argument("--approval", default="required", help="required, or none (of releases)")
    parser.add_argument("--stack", required=True, help="environment that this workspace is of")
    parser.add_argument("--autoscale", default="", help="limits of deployments, as JSON")
    parser.add_argument("--decisions", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    from ml import place  # noqa: PLC0415  see control
    from ml.release.opening import utc_now  # noqa: PLC0415  as above
    from ml.target import Target  # noqa: PLC0415  as above

    target = Target(
        place.from_environment(),
        given.compute,
        given.gate_compute,
        given.key,
        {given.task: given.endpoint},
        given.approval,
        json.loads(given.autoscale) if given.autoscale else None,
        given.stack,
    )
    control(target, given.task, utc_now(), command.made(given.decisions))


if __name__ == "__main__":
    command.run(main)
