"""What a release or a promotion asks of a registered model before it moves anything.

Registering is open to whoever may write models, so that nothing is believed of a registered
version: its bytes are hashed again, and the verdict inside must be signed and about exactly them.
"""

from datetime import datetime
from pathlib import Path

from ml import evidence
from ml.verdict import check, envelope
from ml.verdict.document import Verdict
from ml.verdict.errors import VerdictError
from ml.verdict.keys import TrustedKeys
from ml.workspace import DIGEST, RegisteredModel

SHA256 = "verdict_sha256"


def verified(
    folder: Path,
    model: RegisteredModel,
    keys: TrustedKeys,
    *,
    task: str | Path,
    now: datetime | None = None,
) -> Verdict:
    """Return the passing verdict of a registered model whose files were downloaded to a folder.

    The policy is the task's file as it is now: a verdict under another policy opens nothing.

    Raises:
        VerdictError: signature, time, content or a tag is not as it must be; every reason is told.
        TaskError: the folder holds no verdict: the model was registered past the gate.
    """
    text = evidence.verdict(folder)
    wanted = check.Wanted.of(folder, task, job=model.tags.get("job", "none"), now=now)
    found = check.passing(text, keys, wanted)
    _tags_agree(model, text, found)
    return found


def explained(folder: Path, model: RegisteredModel, keys: TrustedKeys) -> Verdict:
    """Return a model's verdict, passing or not, expired or not, if it is signed and about it."""
    text = evidence.verdict(folder)
    found = check.read(text, keys)
    _tags_agree(model, text, found)
    return found


def _tags_agree(model: RegisteredModel, text: bytes, found: Verdict) -> None:
    compared = (
        (SHA256, envelope.digest(text)),
        (DIGEST, found.model.content.digest),
        ("job", found.job),
    )
    reasons = [
        f"{name} is {value} in it, but {model.name}:{model.version} is tagged "
        f"{model.tags.get(name, 'with none')}"
        for name, value in compared
        if model.tags.get(name) != value
    ]
    if reasons:
        raise VerdictError(reasons)
