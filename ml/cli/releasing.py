"""Commands about what serves: release, status, rollback."""

from typing import Annotated

import typer

from ml.cli import console
from ml.cli.options import Group, Json, Jwk, Key, Model, Name, Stack, Subscription, target_of

Endpoint = Annotated[str | None, typer.Option(help="Online endpoint (default: the task's own).")]
Task = Annotated[str, typer.Option(help="Task below ml/tasks, or a folder.")]


def release(
    *,
    model: Model,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    endpoint: Endpoint = None,
    approved_by: Annotated[
        str | None, typer.Option(help="Who agreed, somebody other than you; it is recorded.")
    ] = None,
    instance_type: Annotated[
        str, typer.Option(help="Machine of the deployment.")
    ] = "Standard_DS3_v2",
    key: Key = None,
    jwk: Jwk = None,
    follow: Annotated[
        bool, typer.Option(help="Stay and take the steps from here, until it ends.")
    ] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two looks.")] = 60,
    dry_run: Annotated[bool, typer.Option(help="Check everything and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Let a model take an endpoint over, step by step, as the task's rollout.yaml says.

    Its verdict is checked again, it is deployed beside the champion, and the release begins. The
    controller on the platform goes on with it; `mlops status` shows where it stands.
    """
    from ml.cli import release_tables, releases  # noqa: PLC0415  --help shall not read tasks or clients

    target = target_of(stack, subscription, resource_group, workspace)
    wish = releases.Wish(model, stack, endpoint, approved_by, instance_type, key, jwk)
    begun = releases.begin(target, wish, dry_run=dry_run)
    if follow and not dry_run:
        begun = releases.follow(begun, every)
    if json:
        console.as_json(begun.document)
    else:
        release_tables.begun(begun)
    if begun.refused:
        raise typer.Exit(1)


def status(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    task: Task = "flights",
    endpoint: Endpoint = None,
    json: Json = False,
) -> None:
    """Show who serves, and each decision of the release that is under way or was last."""
    from ml.cli import release_tables, releases  # noqa: PLC0415  as above

    target = target_of(stack, subscription, resource_group, workspace)
    found = releases.status(target, task, endpoint)
    if json:
        console.as_json(found.document)
    else:
        release_tables.status(found)


def rollback(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    task: Task = "flights",
    endpoint: Endpoint = None,
    to: Annotated[
        str | None, typer.Option(help="Deployment to give everything to (default: the champion).")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "asked for by hand",
    dry_run: Annotated[bool, typer.Option(help="Say what would be done, and do nothing.")] = False,
    json: Json = False,
) -> None:
    """Give the champion all traffic back, now; needs nothing but the endpoint itself."""
    from ml.cli import release_tables, releases  # noqa: PLC0415  as above

    target = target_of(stack, subscription, resource_group, workspace)
    found = releases.roll_back(target, task, endpoint, to, reason, dry_run=dry_run)
    if json:
        console.as_json(found)
    else:
        release_tables.rolled_back(found)
