"""`mlops explain`: what the gate said of a registered model, if its signature holds."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.archive import Archive
from ml.cli import console
from ml.errors import PlatformError
from ml.target import Target
from ml.workspace import RegisteredModel, Workspace

if TYPE_CHECKING:
    from ml.verdict.document import Verdict
    from ml.verdict.keys import TrustedKeys

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


def known(
    target: Target, key: str | None, jwk: Path | None, reference: str
) -> tuple[Archive, RegisteredModel, "TrustedKeys"]:
    """Return where to look, the model that is meant, and the keys whose verdicts count."""
    keys = trusted(key or target.verdict_key, jwk)
    archive = Archive(Workspace(target.place))
    return archive, archive.model(reference), keys


def explain(archive: Archive, model: RegisteredModel, keys: "TrustedKeys") -> Explained:
    """Download a model and return the verdict that it brings, if it is signed and about it."""
    from ml.verdict import releasing  # noqa: PLC0415  as above

    with tempfile.TemporaryDirectory(prefix="mlops-explain-") as scratch:
        folder = archive.model_folder(model, Path(scratch))
        return Explained(model, releasing.explained(folder, model, keys))


def show(found: Explained) -> None:
    """Print each rule with its numbers."""
    console.out.print(f"{found.model.name}:{found.model.version}, the signature holds")
    console.out.print(found.verdict.text, markup=False)
