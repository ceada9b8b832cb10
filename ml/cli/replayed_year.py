"""The command that replays a year on the platform: loop."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from ml.cli import console
from ml.cli.options import Group, Json, Name, Stack, Subscription, target_of

APRIL, NOVEMBER, DECEMBER = 4, 11, 12
LAST = 31


def loop(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    task: Annotated[str, typer.Option(help="Task below ml/tasks, or a folder.")] = "flights",
    data: Annotated[Path | None, typer.Option(help="Folder of raw files to replay.")] = None,
    year: Annotated[int, typer.Option(help="The year to replay; its first quarter trains.")] = 2013,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day served (default: April 1)."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (default: December 31)."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Send each so many-th event only.")] = 1,
    spoil: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Release a bad deployment then (default: November 4)."
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Folder for record and report.")] = Path("loop"),
    json: Json = False,
) -> None:
    """Replay a year: traffic by day, labels a day later, monitors, retraining, releases.

    Everything happens on the platform as it would in that year: the events go to the task's own
    endpoint, each month's end asks the monitors, what they say trains, and what passes the gate is
    released. One bad deployment is tried on the way. Each decision is printed with its reason.
    """
    from ml.cli import looping  # noqa: PLC0415  --help shall not read tasks or clients

    wish = looping.Wish(
        task,
        data,
        stack or "",
        (first or datetime(year, APRIL, 1)).date(),  # noqa: DTZ001  a day, not a moment
        (last or datetime(year, DECEMBER, LAST)).date(),  # noqa: DTZ001  as above
        every,
        (spoil or datetime(year, NOVEMBER, 4)).date(),  # noqa: DTZ001  as above
        output,
    )
    found = looping.run(target_of(stack, subscription, resource_group, workspace), wish)
    if json:
        console.as_json(found.model_dump(mode="json"))
    else:
        looping.show(found, output)
