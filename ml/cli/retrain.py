"""The command that trains again, if that may be: retrain."""

import getpass
from typing import Annotated

import typer

from ml.cli import console
from ml.cli.options import Group, Json, Name, Period, Stack, Subscription, target_of
from ml.retraining.policy import Trigger


def retrain(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    task: Annotated[str, typer.Option(help="Task below ml/tasks, or a folder.")] = "flights",
    event: Annotated[
        str | None, typer.Option(help="Id of what happened; the same id trains once.")
    ] = None,
    trigger: Annotated[Trigger, typer.Option(help="What kind of event it is.")] = Trigger.MANUAL,
    window: Period = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    approve: Annotated[
        str | None, typer.Option(metavar="EVENT", help="Agree to an event that waits.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who agrees (default: you).")] = None,
    status: Annotated[bool, typer.Option("--status", help="Only show how things stand.")] = False,
    dry_run: Annotated[bool, typer.Option(help="Decide, and change nothing.")] = False,
    json: Json = False,
) -> None:
    """Train again if the task's retrain.yaml lets it: an event, an approval, or the next step.

    Without --event and --approve it looks what became of the training or release under way, and
    takes the next step, as a schedule does. --window is the newest period whose labels are in; the
    model learns from the periods before it and is judged on it.
    """
    from ml.cli import retraining  # noqa: PLC0415  --help shall not read tasks or clients

    if status:
        event = approve = None
    wish = retraining.Wish(task, event, trigger, window, reason, approve, by or getpass.getuser())
    target = target_of(stack, subscription, resource_group, workspace)
    found = retraining.run(target, wish, dry_run=dry_run or status)
    if json:
        console.as_json(
            {
                "state": found.state.model_dump(mode="json"),
                "decisions": [each.model_dump(mode="json") for each in found.decisions],
            }
        )
    else:
        retraining.show(found)
