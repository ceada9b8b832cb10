"""`mlops explain`: what the gate said of a registered model, if its signature holds."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.archive import Archive
from ml.cli import console
from ml.errors import PlatformError, TaskError
from ml.verdict import check, envelope
from ml.verdict.errors import VerdictError
from ml.workspace import DIGEST, RegisteredModel

if TYPE_CHECKING:
    from ml.verdict.document import Verdict
    from ml.verdict.keys import TrustedKeys

VERDICT_OUTPUT = "verdict"  # of the training pipeline
VERDICT_SHA256 = "verdict_sha256"
NO_KEY = (
    "there is no key to check the verdict's signature with: the stack's output verdict_key names "
    "it, or give --key, or --jwk with a file that holds its public half"
)


@dataclass(frozen=True)
class Explained:
    """A model and the verdict that opened the register for it."""

    model: RegisteredModel
    verdict: "Verdict"

    @property
    def document(self) -> dict[str, object]:
        """The verdict for programs."""
        return {
            "model": f"{self.model.name}:{self.model.version}",
            "signature": "holds",
            "verdict": self.verdict.model_dump(mode="json"),
        }


def trusted(key: str | None, jwk: Path | None) -> "TrustedKeys":
    """Return the keys whose verdicts count here."""
    if key is None and jwk is None:
        raise PlatformError(NO_KEY)
    from ml.steps.register import trusted as of_register  # noqa: PLC0415  clients take seconds

    return of_register(key, jwk)


def explain(archive: Archive, reference: str, keys: "TrustedKeys") -> Explained:
    """Download the verdict of a model and check that it is signed and about this model."""
    model = archive.model(reference)
    text = verdict_of(archive, model)
    verdict = check.read(text, keys)
    compared = (
        (VERDICT_SHA256, envelope.digest(text)),
        (DIGEST, verdict.model.content.digest),
        ("job", verdict.job),
    )
    reasons = [
        f"{name} is {found} in the verdict, the tag of {model.name}:{model.version} says "
        f"{model.tags.get(name, 'nothing')}"
        for name, found in compared
        if model.tags.get(name) != found
    ]
    if reasons:
        raise VerdictError(reasons)
    return Explained(model, verdict)


def verdict_of(archive: Archive, model: RegisteredModel) -> bytes:
    """Return the file of the verdict, unchecked, from the job that registered the model."""
    named = f"{model.name}:{model.version}"
    job = model.tags.get("job", "none")
    if VERDICT_SHA256 not in model.tags or job in {"none", "unknown"}:
        raise TaskError(
            f"{named} names no verdict and no job in its tags: it was registered past the gate; "
            "archive it, and let `mlops train` register a model"
        )
    with tempfile.TemporaryDirectory(prefix="mlops-verdict-") as folder:
        return archive.output(job, VERDICT_OUTPUT, envelope.NAME, Path(folder))


def show(found: Explained) -> None:
    """Print each rule with its numbers."""
    console.out.print(f"{found.model.name}:{found.model.version}, the signature holds")
    console.out.print(found.verdict.text, markup=False)
