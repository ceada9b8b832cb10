"""Commands about what was served: monitor."""

from datetime import datetime
from typing import Annotated

import typer

from ml.cli import console
from ml.cli.options import Group, Json, Name, Stack, Subscription, target_of
from ml.cli.releasing import Endpoint, Task


def monitor(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    task: Task = "flights",
    endpoint: Endpoint = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day (default: a window)."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=["%Y-%m-%d"], help="Last day (default: yesterday)."),
    ] = None,
    deployment: Annotated[
        str | None, typer.Option(help="Deployment (default: who has most of the traffic).")
    ] = None,
    compute: Annotated[str | None, typer.Option(help="Cluster, instead of the stack's.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show findings without alarm, too.")] = False,
    daily: Annotated[bool, typer.Option(help="Look every day from now on, as a schedule.")] = False,
    json: Json = False,
) -> None:
    """Hold what an endpoint served against what its model said of its hold-out.

    An alarm is a result: the exit code is 0, and 1 only where nothing could be said.
    """
    from ml.cli import monitors  # noqa: PLC0415  --help shall not read tasks or clients
    from ml.workspace import Workspace  # noqa: PLC0415  as above

    target = target_of(stack, subscription, resource_group, workspace)
    days = (first.date() if first else None, last.date() if last else None)
    wish = monitors.Wish(task, endpoint, deployment, days, compute)
    here = Workspace(target.place)
    if daily:
        name = monitors.schedule(target, here, wish)
        console.out.print(f"schedule {name} looks every day at 06:00 UTC")
        return
    found = monitors.run(target, here, wish)
    if json:
        console.as_json(found.document)
    elif found.look:
        monitors.show(found.look, every=every)
    if found.look is None:
        raise typer.Exit(1)
