"""The `mlops` command."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ml.cli import console, deploy, monitoring, releasing, replayed_year, retrain, trust
from ml.cli.options import (
    Device,
    Group,
    Json,
    Key,
    Name,
    Period,
    Stack,
    Subscription,
    target_of,
    workspace_of,
)
from ml.errors import PlatformError, TaskError
from ml.replay_mode import Mode

app = typer.Typer(
    name="mlops",
    help="Train and look at models on the platform that `pulumi up` deployed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.command()
def train(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    task: Annotated[str, typer.Option(help="Task below ml/tasks, or a folder.")] = "flights",
    data: Annotated[Path | None, typer.Option(help="Folder of raw csv files to train on.")] = None,
    compute: Annotated[str | None, typer.Option(help="Cluster, instead of the stack's.")] = None,
    key: Key = None,
    train_from: Period = None,
    train_to: Period = None,
    holdout_from: Period = None,
    holdout_to: Period = None,
    previous: Annotated[
        str | None,
        typer.Option(
            metavar="VERSION|latest|none",
            help="Raw data version whose windows count where --data has none of them. By default "
            "the latest where --data lacks a table, and none where it is whole.",
        ),
    ] = None,
    folds: Annotated[
        int | None, typer.Option(min=1, help="Last periods that stop boosting, each in turn.")
    ] = None,
    sweep: Annotated[
        int, typer.Option(min=0, help="Try so many settings first, and fit with the best.")
    ] = 0,
    processes: Annotated[int, typer.Option(min=1, help="Processes a node to fit by.")] = 1,
    nodes: Annotated[int, typer.Option(min=1, help="Nodes to fit on.")] = 1,
    device: Annotated[
        Device | None, typer.Option(help="Where trees are grown, instead of the task's.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Follow the job to its end.")] = True,
    dry_run: Annotated[
        bool, typer.Option(help="Say what would be sent, and send nothing.")
    ] = False,
    json: Json = False,
) -> None:
    """Send the training pipeline to the workspace, follow it and register the model."""
    from ml import asking  # noqa: PLC0415  --help shall not read tasks or clients
    from ml.cli import training  # noqa: PLC0415  as above
    from ml.workspace import Workspace  # noqa: PLC0415  as above

    target = target_of(stack, subscription, resource_group, workspace)
    periods = {
        "train_from": train_from,
        "train_to": train_to,
        "holdout_from": holdout_from,
        "holdout_to": holdout_to,
    }
    wish = asking.Wish(
        task,
        data,
        compute,
        wait,
        periods,
        key,
        previous=previous,
        folds=folds,
        processes=processes,
        nodes=nodes,
        device=device.value if device else None,
        trials=sweep,
    )
    if dry_run:
        planned = training.plan(target, Workspace(target.place), wish)
        console.as_json(planned.document) if json else training.show_plan(planned)
        return
    outcome = training.train(target, Workspace(target.place), wish)
    if json:
        console.as_json(outcome.document)
    elif outcome.job.status == "Completed" or not wait:
        training.show(outcome, stack)
    if wait and outcome.job.status != "Completed":
        raise typer.Exit(1)


@app.command()
def jobs(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """List the latest jobs, newest first."""
    found = workspace_of(stack, subscription, resource_group, workspace).jobs(limit)
    if json:
        names = ("name", "title", "experiment", "status", "created")
        console.as_json([{name: getattr(run, name) for name in names} for run in found])
        return
    rows = [
        (run.name, run.title, run.experiment, console.coloured(run.status), run.created[:19])
        for run in found
    ]
    console.as_table(("job", "pipeline", "experiment", "status", "created"), rows)
    if not rows:
        console.out.print("no jobs yet; `mlops train` sends one")


@app.command()
def steps(
    *,
    job: Annotated[str, typer.Argument(help="Name of a pipeline job; `mlops jobs` lists them.")],
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    json: Json = False,
) -> None:
    """List the steps of a job."""
    found = workspace_of(stack, subscription, resource_group, workspace).steps(job)
    if json:
        names = ("name", "title", "status", "reused", "created")
        console.as_json([{name: getattr(run, name) for name in names} for run in found])
        return
    rows = [
        (run.title, console.coloured(run.status), "reused" if run.reused else "", run.name)
        for run in found
    ]
    console.as_table(("step", "status", "", "name"), rows)


@app.command()
def logs(
    *,
    step: Annotated[str, typer.Argument(help="Name of a step; `mlops steps JOB` lists them.")],
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
) -> None:
    """Print what a finished step printed."""
    for text in workspace_of(stack, subscription, resource_group, workspace).log(step):
        console.out.print(text, markup=False)


@app.command()
def cancel(
    *,
    job: Annotated[str, typer.Argument(help="Name of the job; `mlops jobs` lists them.")],
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
) -> None:
    """Ask a running job to stop."""
    workspace_of(stack, subscription, resource_group, workspace).cancel(job)
    console.out.print(f"job {job} was asked to stop")


@app.command()
def models(
    *,
    stack: Stack = None,
    subscription: Subscription = None,
    resource_group: Group = None,
    workspace: Name = None,
    name: Annotated[str | None, typer.Option(help="Only this model.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    json: Json = False,
) -> None:
    """List registered model versions, newest first, with their hold-out measures."""
    found = workspace_of(stack, subscription, resource_group, workspace).models(name, limit)
    if json:
        names = ("name", "version", "created", "tags")
        console.as_json([{name: getattr(model, name) for name in names} for model in found])
        return
    rows = [
        (
            f"{model.name}:{model.version}",
            model.tags.get("holdout_auc", "-"),
            model.tags.get("holdout_brier", "-"),
            model.tags.get("train_periods", "-"),
            model.tags.get("data_asset", "-"),
            model.tags.get("code_version", "-"),
        )
        for model in found
    ]
    console.as_table(("model", "AUC", "Brier", "trained on", "data", "code"), rows)
    if not rows:
        console.out.print("no models yet; `mlops train` registers one")


@app.command()
def replay(
    *,
    task: Annotated[str, typer.Option(help="Task below ml/tasks, or a folder.")] = "flights",
    data: Annotated[Path | None, typer.Option(help="Folder of raw files to replay.")] = None,
    mode: Annotated[
        Mode, typer.Option(help="fixed keeps the first champion; rolling promotes as it goes.")
    ] = Mode.FIXED,
    json: Json = False,
) -> None:
    """Replay a year period by period: which challengers would have taken over, and why.

    Runs here, asks no server and changes nothing. The rule is docs/replay.md.
    """
    from ml.cli import replaying  # noqa: PLC0415  --help shall not read numpy

    found = []
    for decision in replaying.decisions(task, data, mode):
        console.err.print(f"{decision.period}: {decision.comparison.outcome}")
        found.append(decision)
    if json:
        console.as_json([decision.document for decision in found])
    else:
        replaying.show(found)


for _command in (
    *(trust.explain, trust.lineage, trust.promote),
    *(releasing.release, releasing.status, releasing.rollback),
    *(monitoring.monitor, retrain.retrain, deploy.deploy, replayed_year.loop),
):
    app.command()(_command)


def main() -> None:
    """Run the command; a mistake is one sentence and exit code 1."""
    try:
        app()
    except (TaskError, PlatformError) as error:
        console.err.print(f"error: {error}", style="red", markup=False)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
