"""Checking what staging says before production opens: its key, its time, and these very bytes."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from ml import evidence
from ml.acceptance import limits
from ml.acceptance.document import KIND, TRIALS, Acceptance, workspace_id
from ml.acceptance.errors import AcceptanceError
from ml.acceptance.limits import Limits
from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.place import Place
from ml.verdict import envelope
from ml.verdict.check import CLOCKS_DIFFER
from ml.verdict.document import ModelContent
from ml.verdict.errors import VerdictError
from ml.verdict.key_vault import KeyName
from ml.verdict.keys import PublicKey, TrustedKeys
from ml.verdict.subject import model_content
from ml.workspace import RegisteredModel


@dataclass(frozen=True)
class KeysOf:
    """Of all trusted keys, those of one environment: dev's key cannot speak for staging."""

    keys: TrustedKeys
    key: str

    def find(self, key_id: str) -> PublicKey:
        """Return the key of this name, if it is a version of the environment's own."""
        try:
            mine = KeyName.parse(self.key).covers(KeyName.parse(key_id))
        except TaskError:
            mine = False
        if not mine:
            raise VerdictError(f"it is signed by key {key_id}, staging's is {self.key}")
        return self.keys.find(key_id)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a result must be about; everything is read from the model, the task and the place."""

    model: str
    version: str
    content: ModelContent
    verdict_sha256: str
    workspace: str
    limits: Limits
    now: datetime

    @classmethod
    def of(
        cls, folder: Path, model: RegisteredModel, place: Place, *, now: datetime | None = None
    ) -> "Wanted":
        """Read what is wanted for a registered model's folder, under the task's present limits."""
        return cls(
            model=model.name,
            version=model.version,
            content=model_content(folder),
            verdict_sha256=envelope.digest(evidence.verdict(folder)),
            workspace=workspace_id(place),
            limits=limits.load(model.tags.get("task", "")),
            now=now or datetime.now(UTC),
        )


def passing(text: str | bytes, keys: TrustedKeys, wanted: Wanted) -> Acceptance:
    """Return the result if it opens the way to production; refuse it with all reasons."""
    name = f"{wanted.model}:{wanted.version}"
    found = read(text, keys, name)
    reasons = [*_mismatches(found, wanted), *_untimely(found, wanted)]
    if absent := {*TRIALS} - {result.rule for result in found.results}:
        reasons.append(f"its tests leave out {', '.join(sorted(absent))}")
    if found.outcome is not Outcome.PASS:
        reasons += [
            f"test {result.rule} is {result.outcome}: {result.reason}"
            for result in found.results
            if result.outcome is not Outcome.PASS
        ]
    if reasons:
        raise AcceptanceError(name, reasons)
    return found


def read(text: str | bytes, keys: TrustedKeys, name: str) -> Acceptance:
    """Return a result whose signature holds, whatever it says."""
    try:
        return Acceptance.model_validate(envelope.unseal(text, keys, KIND).document)
    except VerdictError as error:
        raise AcceptanceError(name, error.reasons) from error
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(map(str, each['loc'])) or 'result'}: {each['msg']}"
            for each in error.errors()
        ]
        raise AcceptanceError(
            name, ["it is no result of this version of the code", *mistakes]
        ) from error


def _mismatches(found: Acceptance, wanted: Wanted) -> list[str]:
    """Name everything that the result is about and that is not what it is shown for."""
    model, content = found.model, found.model.content
    compared = [
        ("model", f"{model.name}:{model.version}", f"{wanted.model}:{wanted.version}"),
        ("model digest", content.digest, wanted.content.digest),
        ("model uuid", content.uuid, wanted.content.uuid),
        ("model time of writing", content.created, wanted.content.created),
        ("verdict digest", model.verdict_sha256, wanted.verdict_sha256),
        # Azure gives the same id in different cases.
        ("workspace", found.where.workspace.casefold(), wanted.workspace.casefold()),
        ("limits", str(found.limits), str(wanted.limits)),
    ]
    return [
        f"{name} is {there} in it, {expected} is wanted"
        for name, there, expected in compared
        if there != expected
    ]


def _untimely(found: Acceptance, wanted: Wanted) -> list[str]:
    now = f"{wanted.now:%Y-%m-%d %H:%M}"
    if wanted.now >= found.expires:
        return [f"it expired at {found.expires:%Y-%m-%d %H:%M} UTC, now is {now}"]
    if found.issued > wanted.now + CLOCKS_DIFFER:
        return [f"it was issued at {found.issued:%Y-%m-%d %H:%M} UTC, after now, {now}"]
    return []
