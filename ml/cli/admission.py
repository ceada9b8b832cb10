"""Which models an environment lets in: whose verdicts count, and what staging must have tested."""

from pathlib import Path

from ml.archive import Archive
from ml.cli import accepting, console, promoting
from ml.cli import stack as stacks
from ml.promotion import ENVIRONMENTS, StagingTests
from ml.release.errors import ReleaseError
from ml.target import Target
from ml.workspace import DIGEST, RegisteredModel, Workspace

FIRST, TESTING, LAST = ENVIRONMENTS


def key(target: Target, stack: str | None, given: str | None, jwk: Path | None) -> str | None:
    """Return the key of verdicts: they are signed where models are trained."""
    if given or jwk or stack not in {TESTING, LAST}:
        return given or target.verdict_key
    return stacks.find(stacks.Chosen(FIRST)).verdict_key


def accepted(folder: Path, model: RegisteredModel, digest: str, jwk: Path | None) -> None:
    """Let nothing be released in production that staging has not tested: these very bytes.

    Raises:
        TaskError: staging has no passing, signed result for them.
    """
    staging = stacks.find(stacks.Chosen(TESTING))
    archive = Archive(Workspace(staging.place))
    there = [
        each
        for each in archive.workspace.models(model.name, limit=1000)
        if each.tags.get(DIGEST) == digest
    ]
    if not there:
        raise ReleaseError(
            f"{model.name}:{model.version} was never in {TESTING}, which tests what {LAST} takes: "
            f"`mlops promote {model.name} --to {TESTING}`, then `--to {LAST}`"
        )
    keys = promoting.of_staging(accepting.key_of(TESTING, staging), jwk)
    StagingTests(archive, keys).passed(folder, there[0], digest)
    console.err.print(f"{TESTING} tested exactly these bytes and signed that")
