"""What `mlops deploy` does: show the difference, ask, and carry it out."""

from collections.abc import Sequence
from dataclasses import dataclass

import typer

from ml import code_version
from ml import task as tasks
from ml.cli import console, stack
from ml.deploying import found
from ml.deploying.plan import Change, Step, changes, difference
from ml.deploying.wanted import Deployable, Place
from ml.errors import PlatformError
from ml.pipelines.train import Gate
from ml.verdict import reigning
from ml.workspace import Workspace

BATCH = "batch_endpoint_retrain"
_COLOURS = {Change.CREATE: "green", Change.UPDATE: "yellow", Change.PRUNE: "red"}


@dataclass(frozen=True)
class Deployed:
    """What was planned, and what of it was done."""

    steps: tuple[Step, ...]
    done: tuple[Step, ...] = ()

    @property
    def document(self) -> dict[str, object]:
        """Both for programs."""
        return {
            "plan": [step.document for step in self.steps],
            "done": [step.document for step in self.done],
        }


def plan(name: str, task: str) -> tuple[Deployable, list[Step]]:
    """Hold what should be there against what is.

    Raises:
        PlatformError: the stack has no batch endpoint or key, or there are no data yet.
    """
    outputs = stack.outputs(name)
    target = stack.of_outputs(name, outputs)
    batch, key = outputs.get(BATCH), target.verdict_key
    if not isinstance(batch, str) or key is None:
        raise PlatformError(
            f"stack {name} exports no {BATCH if key else 'verdict_key'}: name a batch endpoint "
            "`retrain` under serving.batch, let the stack own a verdict key, and run `make up`"
        )
    settings = tasks.load(task).settings
    workspace = Workspace(target.place)
    versions = workspace.data_versions(settings.data.asset)
    if not versions:
        raise PlatformError(
            f"there is no version of {settings.data.asset} for a new file to join: "
            f"`mlops train --stack {name} --task {task}` sends the first"
        )
    champion = reigning.champion(workspace.models(settings.model, limit=1000))
    gate = Gate(
        key=key, compute=target.gate_compute, champion=champion.version if champion else None
    )
    place = Place(
        online=target.endpoint(task),
        batch=batch,
        compute=target.compute,
        gate=gate,
        release_compute=str(outputs.get("release_cluster") or target.gate_compute),
        target=target,
        data=versions[0].reference,
        code_version=code_version.current(),
    )
    deployable = Deployable(workspace, tasks.load(task), place)
    return deployable, difference(deployable.items, found.items(deployable))


def carry_out(deployable: Deployable, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Do each step in its order, and say so."""
    done = []
    for number, step in enumerate(steps, start=1):
        console.err.print(f"{number}/{len(steps)} {step.change} {step.item}")
        if step.change is Change.PRUNE:
            found.remove(deployable, step)
        else:
            deployable.make(step.item)
        done.append(step)
    return tuple(done)


def agreed(steps: Sequence[Step], *, yes: bool) -> list[Step]:
    """Ask for the whole, and for each thing that would be taken away.

    Raises:
        typer.Abort: the answer was no.
    """
    if yes:
        return list(steps)
    made = [step for step in steps if step.change is not Change.PRUNE]
    if made:
        typer.confirm(f"make {len(made)} change(s)?", abort=True, err=True)
    pruned = [
        step
        for step in steps
        if step.change is Change.PRUNE and typer.confirm(f"take {step.item} away?", err=True)
    ]
    return [*made, *pruned]


def run(name: str, task: str, *, dry_run: bool, yes: bool, prune: bool) -> Deployed:
    """Plan, show, ask, and do."""
    deployable, steps = plan(name, task)
    wished = changes(steps, prune=prune)
    if dry_run or not wished:
        return Deployed(tuple(steps))
    show_plan(steps)
    return Deployed(tuple(steps), carry_out(deployable, agreed(wished, yes=yes)))


def show_plan(steps: Sequence[Step]) -> None:
    """Print what would become of what, to standard error: the result goes to the other."""
    for step in steps:
        if step.change is not Change.KEEP:
            colour = _COLOURS[step.change]
            console.err.print(f"[{colour}]{step.change:<7}[/] {step.item}")
    kept = sum(step.change is Change.KEEP for step in steps)
    console.err.print(f"{kept} of {len(steps)} are there already")


def show(result: Deployed, *, dry_run: bool, prune: bool) -> None:
    """Say what was done, or would be."""
    if dry_run:
        show_plan(result.steps)
    left = [step for step in result.steps if step.change is Change.PRUNE]
    if not changes(result.steps, prune=prune):
        console.out.print("everything is there already")
    elif not dry_run:
        console.out.print(f"{len(result.done)} change(s) made")
    if left and not prune:
        console.out.print(f"{len(left)} older thing(s) stay; `--prune` asks about each")
