"""The command that deploys a task's pipelines onto the platform: deploy."""

from typing import Annotated

import typer

from ml.cli import console
from ml.cli.options import Json


def deploy(
    *,
    stack: Annotated[str, typer.Option("--stack", "-s", help="Stack to deploy to.")],
    task: Annotated[str, typer.Option(help="Task below ml/tasks.")] = "flights",
    dry_run: Annotated[bool, typer.Option(help="Show the changes, and make none.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    prune: Annotated[
        bool, typer.Option(help="Take away what an earlier deploy made and none wants any more.")
    ] = False,
    json: Json = False,
) -> None:
    """Deploy a task's components, its training on new data, and its schedules.

    Components are versioned by their content, so that a second deploy changes nothing. What will
    change is shown first. Nothing that this command did not make is ever touched, and what it made
    before is taken away only with --prune, thing by thing.
    """
    from ml.cli import deploying  # noqa: PLC0415  --help shall not read tasks or clients

    result = deploying.run(stack, task, dry_run=dry_run, yes=yes, prune=prune)
    if json:
        console.as_json(result.document)
    else:
        deploying.show(result, dry_run=dry_run, prune=prune)
