"""`mlops promote`: a model one environment further, with its verdict and an approval."""

from pathlib import Path

from ml.archive import Archive
from ml.cli import console
from ml.cli import stack as stacks
from ml.cli.explaining import trusted
from ml.errors import PlatformError
from ml.model_registry import ModelRegistry
from ml.promotion import ENVIRONMENTS, REQUIRED, Approval, Promoted, before, promote, requester
from ml.workspace import Workspace, credential

REGISTRY = "model_registry_id"


def run(
    reference: str,
    to: str,
    approved_by: str | None,
    keys: tuple[str | None, Path | None],
    *,
    dry_run: bool,
) -> Promoted:
    """Find both environments by their stacks' outputs and promote."""
    origin = before(to)
    given, wanted = stacks.outputs(origin), stacks.outputs(to)
    here, there = stacks.of_outputs(origin, given), stacks.of_outputs(to, wanted)
    registry = given.get(REGISTRY) or wanted.get(REGISTRY)
    if not isinstance(registry, str):
        raise PlatformError(
            f"neither {origin} nor {to} has a model registry: let one stack own `ml_registry`, "
            "name it in the other's `shared.ml_registry`, and run `make up` for both"
        )
    approval = Approval(requester(credential()), approved_by)
    approval.check(to, str(wanted.get("release_approval") or REQUIRED))
    key, jwk = keys
    if key is None and jwk is None:  # verdicts are signed where models are trained
        first = ENVIRONMENTS[0]
        trained = given if origin == first else stacks.outputs(first)
        key = stacks.of_outputs(first, trained).verdict_key
    archive = Archive(Workspace(here.place))
    model = archive.model(reference)
    console.err.print(
        f"{origin} {model.name}:{model.version} to {to}, asked by {approval.requested_by}",
        markup=False,
    )
    return promote(
        archive,
        model,
        Workspace(there.place),
        ModelRegistry(registry.rpartition("/")[2], there.place),
        trusted(key, jwk),
        approval=approval,
        dry_run=dry_run,
    )


def show(found: Promoted, to: str) -> None:
    """Say what was done."""
    model = f"{found.model.name}:{found.model.version}"
    if not found.done:
        console.out.print(f"would promote {model} to {to} by {found.registry}", soft_wrap=True)
        return
    said = "promoted as" if found.model.new else "is there already as"
    console.out.print(f"{to}: {said} {model}, digest {found.digest[:16]}", soft_wrap=True)
    for name in ("promoted_from", "registry_asset", "requested_by", "approved_by"):
        if name in found.model.tags:
            console.out.print(f"  {name:<16}{found.model.tags[name]}", soft_wrap=True)
