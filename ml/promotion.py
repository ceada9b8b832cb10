"""Promoting: the same bytes with the same verdict, one environment on, by way of the registry."""

import base64
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ml import mlflow_model
from ml.archive import Archive
from ml.errors import PlatformError, TaskError
from ml.workspace import DIGEST, RegisteredModel, Workspace

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

    from ml.acceptance.document import Acceptance
    from ml.verdict.keys import TrustedKeys

ENVIRONMENTS = ("dev", "staging", "prod")
MANAGEMENT = "https://management.azure.com/.default"
REQUIRED = "required"
# Of the source alone: who is champion, and what the last promotion recorded.
OWN = frozenset(
    {"role", "promoted_from", "promoted_at", "requested_by", "approved_by"}
    | {"accepted_by_job", "accepted_at"}
)


class Registry(Protocol):
    """An Azure ML registry, as far as promoting needs it."""

    @property
    def name(self) -> str:
        """Its name, unique in the tenant."""
        ...

    def has(self, model: str, version: str) -> bool:
        """Say whether it holds a version."""
        ...

    def share(self, source: Workspace, model: RegisteredModel, version: str) -> None:
        """Copy a workspace's version into it under a version of its own."""
        ...

    def download(self, model: str, version: str, folder: Path) -> Path:
        """Return the folder that holds a version's MLmodel."""
        ...


@dataclass(frozen=True)
class StagingTests:
    """What staging tested and signed: without it, production takes no model."""

    staging: Archive
    keys: "TrustedKeys"

    def passed(self, folder: Path, model: RegisteredModel, digest: str) -> "Acceptance":
        """Return the passing result for exactly these bytes.

        Raises:
            AcceptanceError: there is none, or it does not hold.
        """
        from ml.acceptance import check, kept  # noqa: PLC0415  clients that --help does not need

        wanted = check.Wanted.of(folder, model, self.staging.workspace.place)
        return check.passing(kept.newest(self.staging, model, digest), self.keys, wanted)


@dataclass(frozen=True)
class Approval:
    """Who asked for a promotion, and who else agreed."""

    requested_by: str
    approved_by: str | None = None

    def check(self, environment: str, wanted: str) -> None:
        """Refuse what the environment does not let pass.

        Raises:
            TaskError: an approver is wanted and missing, or is the one who asked.
        """
        if self.approved_by and self.approved_by.casefold() == self.requested_by.casefold():
            raise TaskError(
                f"{self.approved_by} asked for this promotion and cannot approve it too; let "
                "somebody else approve"
            )
        if wanted == REQUIRED and not self.approved_by:
            raise TaskError(
                f"{environment} wants an approval by somebody other than {self.requested_by}: add "
                "--approved-by NAME"
            )


@dataclass(frozen=True)
class Promoted:
    """A model in the environment it was promoted to; `tested` is what opened the way there."""

    model: RegisteredModel
    digest: str
    registry: str
    done: bool = True
    tested: "Acceptance | None" = None

    @property
    def document(self) -> dict[str, object]:
        """The outcome for programs."""
        return {
            "model": f"{self.model.name}:{self.model.version}",
            "digest": self.digest,
            "registry": self.registry,
            "new": self.model.new,
            "done": self.done,
            "tested": self.tested.model_dump(mode="json") if self.tested else None,
            "tags": dict(self.model.tags),
        }


def before(environment: str) -> str:
    """Return the environment that an environment takes models from."""
    at = ENVIRONMENTS.index(environment) if environment in ENVIRONMENTS else 0
    if at == 0:
        raise TaskError(f"--to is {environment!r}; models are promoted to staging or prod")
    return ENVIRONMENTS[at - 1]


def promote(
    source: Archive,
    model: RegisteredModel,
    target: Workspace,
    registry: Registry,
    keys: "TrustedKeys",
    *,
    approval: Approval,
    tests: StagingTests | None = None,
    dry_run: bool = False,
) -> Promoted:
    """Share a model through the registry and register the same bytes in the target workspace.

    The verdict is checked over the bytes as the source has them and again as the registry gives
    them, and `tests` is asked before anything moves; a killed promotion goes on where it was, and
    a finished one is found done.

    Raises:
        TaskError: a verdict or a test does not hold, or the registry gives other bytes.
    """
    task = model.tags.get("task", "")
    with tempfile.TemporaryDirectory(prefix="mlops-promote-") as scratch:
        origin = source.model_folder(model, Path(scratch) / "source")
        digest = _verified(origin, model, keys, task)
        passed = tests.passed(origin, model, digest) if tests else None
        asset = f"azureml://registries/{registry.name}/models/{model.name}/versions/{digest[:16]}"
        for known in target.models(model.name, limit=1000):
            if known.tags.get(DIGEST) == digest:
                return Promoted(known, digest, asset, tested=passed)
        if dry_run:
            return Promoted(model, digest, asset, done=False, tested=passed)
        if not registry.has(model.name, digest[:16]):
            registry.share(source.workspace, model, digest[:16])
        folder = registry.download(model.name, digest[:16], Path(scratch) / "registry")
        if _verified(folder, model, keys, task) != digest:
            raise TaskError(f"{asset} holds other bytes than {model.name}:{model.version}")
        tags = _tags(model, source, asset, approval) | _of_tests(passed)
        made = target.register_model(model.name, folder, digest, tags, f"From {asset}")
    return Promoted(made, digest, asset, tested=passed)


def _verified(folder: Path, model: RegisteredModel, keys: "TrustedKeys", task: str) -> str:
    from ml.verdict import releasing  # noqa: PLC0415  clients that --help does not need

    releasing.verified(folder, model, keys, task=task)
    return mlflow_model.digest(folder)


def _tags(
    model: RegisteredModel, source: Archive, asset: str, approval: Approval
) -> dict[str, str]:
    kept = {name: value for name, value in model.tags.items() if name not in {DIGEST, *OWN}}
    return {
        **kept,
        "registry_asset": asset,
        "promoted_from": f"{source.workspace.place.workspace}/{model.name}:{model.version}",
        "promoted_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "requested_by": approval.requested_by,
        "approved_by": approval.approved_by or "nobody",
    }


def _of_tests(passed: "Acceptance | None") -> dict[str, str]:
    if passed is None:
        return {}
    return {"accepted_by_job": passed.job, "accepted_at": passed.issued.isoformat()}


def requester(credential: "TokenCredential") -> str:
    """Return who is signed in, by the name that their token gives, else by their object id.

    The token is Azure's to check, at each call; here it only tells whom to write down.

    Raises:
        PlatformError: the token names nobody.
    """
    payload = credential.get_token(MANAGEMENT).token.split(".")[1]
    claims: Mapping[str, str] = json.loads(
        base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    )
    for name in ("upn", "unique_name", "preferred_username", "oid", "appid"):
        if claims.get(name):
            return claims[name]
    raise PlatformError("the sign-in token names nobody; sign in with `az login`")
