"""`mlops promote`: a model one environment further, with its verdict, its tests and an approval."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ml.archive import Archive
from ml.cli import accepting, console
from ml.cli import stack as stacks
from ml.cli.explaining import trusted
from ml.errors import PlatformError
from ml.model_registry import ModelRegistry
from ml.promotion import (
    ENVIRONMENTS,
    REQUIRED,
    Approval,
    Promoted,
    StagingTests,
    before,
    promote,
    requester,
)
from ml.workspace import Workspace, credential

if TYPE_CHECKING:
    from ml.verdict.keys import TrustedKeys

REGISTRY = "model_registry_id"
FIRST, TESTING, LAST = ENVIRONMENTS


@dataclass(frozen=True)
class Wish:
    """What the command line asked for."""

    model: str
    to: str
    approved_by: str | None
    instance_type: str
    key: str | None
    jwk: Path | None


def run(wish: Wish, *, dry_run: bool) -> Promoted:
    """Find both environments by their stacks' outputs, promote, and test what staging got."""
    to = wish.to
    origin = before(to)
    given, wanted = stacks.outputs(origin), stacks.outputs(to)
    here, there = stacks.of_outputs(origin, given), stacks.of_outputs(to, wanted)
    registry = given.get(REGISTRY) or wanted.get(REGISTRY)
    if not isinstance(registry, str):
        raise PlatformError(
            f"neither {origin} nor {to} has a model registry: let one stack own `ml_registry`, "
            "name it in the other's `shared.ml_registry`, and run `make up` for both"
        )
    approval = Approval(requester(credential()), wish.approved_by)
    approval.check(to, str(wanted.get("release_approval") or REQUIRED))
    key = wish.key
    if key is None and wish.jwk is None:  # verdicts are signed where models are trained
        trained = given if origin == FIRST else stacks.outputs(FIRST)
        key = stacks.of_outputs(FIRST, trained).verdict_key
    archive = Archive(Workspace(here.place))
    model = archive.model(wish.model)
    console.err.print(
        f"{origin} {model.name}:{model.version} to {to}, asked by {approval.requested_by}",
        markup=False,
    )
    tested = here if to == LAST else there  # staging: it tests what arrives, prod asks for that
    own = accepting.key_of(TESTING, tested)
    own_keys = of_staging(own, wish.jwk)
    done = promote(
        archive,
        model,
        Workspace(there.place),
        ModelRegistry(registry.rpartition("/")[2], there.place),
        trusted(key, wish.jwk),
        approval=approval,
        tests=StagingTests(archive, own_keys) if to == LAST else None,
        dry_run=dry_run,
    )
    if to == LAST:
        return done
    tests = accepting.Tests(there, done.model, done.digest, own, own_keys, wish.instance_type)
    if dry_run:
        console.err.print(f"would then, unless a result holds: {tests}", markup=False)
        return done
    return replace(done, tested=accepting.accept(tests))


def of_staging(key: str, jwk: Path | None) -> "TrustedKeys":
    """Return the keys of staging alone: dev's cannot speak for it."""
    from ml.acceptance.check import KeysOf  # noqa: PLC0415  clients that --help does not need

    return KeysOf(trusted(key, jwk), key)


def show(found: Promoted, to: str) -> None:
    """Say what was done."""
    model = f"{found.model.name}:{found.model.version}"
    if found.tested:
        console.out.print(found.tested.text, markup=False)
    if not found.done:
        console.out.print(f"would promote {model} to {to} by {found.registry}", soft_wrap=True)
        return
    said = "promoted as" if found.model.new else "is there already as"
    console.out.print(f"{to}: {said} {model}, digest {found.digest[:16]}", soft_wrap=True)
    for name in ("promoted_from", "registry_asset", "requested_by", "approved_by"):
        if name in found.model.tags:
            console.out.print(f"  {name:<16}{found.model.tags[name]}", soft_wrap=True)
