"""Checking a verdict before anything opens: signature, time, and that it is about exactly this."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from ml import mlflow_model
from ml import task as tasks
from ml.gates import policy as policies
from ml.gates.outcome import Outcome
from ml.gates.policy import GatePolicy
from ml.verdict import envelope
from ml.verdict.document import ModelContent, Verdict
from ml.verdict.errors import VerdictError
from ml.verdict.keys import TrustedKeys
from ml.verdict.subject import model_content

ANY_CHAMPION: Final = "any"  # where another workspace has another champion
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a verdict must be about. Everything is read from the model, the task and the place."""

    task: str
    name: str
    content: ModelContent
    job: str
    data_version: str
    schema_sha256: str
    settings_sha256: str
    train_periods: tuple[str, str]
    policy: GatePolicy
    champion: str | None
    now: datetime

    @classmethod
    def of(
        cls,
        model: Path,
        task: str | Path,
        *,
        job: str,
        champion: str | None = ANY_CHAMPION,
        now: datetime | None = None,
    ) -> "Wanted":
        """Read what is wanted for a model's folder, under the policy as the task's file has it.

        `champion` is the digest of the present champion; None says that there is none yet.
        """
        lineage = mlflow_model.lineage(model)
        settings = tasks.load(task).settings
        return cls(
            task=settings.name,
            name=settings.model,
            content=model_content(model),
            job=job,
            data_version=lineage.data_version,
            schema_sha256=lineage.schema_sha256,
            settings_sha256=lineage.settings_sha256,
            train_periods=lineage.train_periods,
            policy=policies.load(task),
            champion=champion,
            now=now or datetime.now(UTC),
        )


def passing(text: str | bytes, keys: TrustedKeys, wanted: Wanted) -> Verdict:
    """Return the verdict if it opens the gate for what is wanted; refuse it with all reasons."""
    verdict = read(text, keys)
    reasons = [*_mismatches(verdict, wanted), *_untimely(verdict, wanted.now)]
    absent = {*wanted.policy.rules.required(champion=verdict.champion is not None)} - {
        result.rule for result in verdict.results
    }
    if absent:
        reasons.append(f"its rules leave out {', '.join(sorted(absent))}; run the gate again")
    if verdict.outcome is not Outcome.PASS:
        reasons += [
            f"rule {result.rule} is {result.outcome}: {result.reason}"
            for result in verdict.results
            if result.outcome is not Outcome.PASS
        ]
    if reasons:
        raise VerdictError(reasons)
    return verdict


def read(text: str | bytes, keys: TrustedKeys) -> Verdict:
    """Return a verdict whose signature holds, whatever it says; to explain it, not to open."""
    opened = envelope.unseal(text, keys)
    try:
        return Verdict.model_validate(opened.document)
    except ValidationError as error:
        mistakes = [
            f"{'.'.join(map(str, found['loc'])) or 'verdict'}: {found['msg']}"
            for found in error.errors()
        ]
        raise VerdictError(
            f"it is no verdict of this version of the code: {'; '.join(mistakes)}"
        ) from error


def _mismatches(verdict: Verdict, wanted: Wanted) -> list[str]:
    """Name everything that the verdict is about and that is not what it is shown for."""
    judged, data = verdict.model.content, verdict.data
    compared = [
        ("task", verdict.task, wanted.task),
        ("model name", verdict.model.name, wanted.name),
        ("model digest", judged.digest, wanted.content.digest),
        ("model uuid", judged.uuid, wanted.content.uuid),
        ("model time of writing", judged.created, wanted.content.created),
        ("job", verdict.job, wanted.job),
        ("data version", data.version, wanted.data_version),
        ("schema digest", data.schema_sha256, wanted.schema_sha256),
        ("settings digest", data.settings_sha256, wanted.settings_sha256),
        ("training periods", " to ".join(data.train_periods), " to ".join(wanted.train_periods)),
        ("policy digest", verdict.policy_sha256, wanted.policy.sha256),
    ]
    if wanted.champion != ANY_CHAMPION:
        champion = verdict.champion.digest if verdict.champion else None
        compared.append(("champion digest", champion or "none", wanted.champion or "none"))
    return [
        f"{name} is {found} in the verdict, {expected} is wanted"
        for name, found, expected in compared
        if found != expected
    ]


def _untimely(verdict: Verdict, now: datetime) -> list[str]:
    if now >= verdict.expires:
        return [f"it expired at {verdict.expires:%Y-%m-%d %H:%M} UTC, now is {now:%Y-%m-%d %H:%M}"]
    if verdict.issued > now + CLOCKS_DIFFER:
        issued = f"{verdict.issued:%Y-%m-%d %H:%M} UTC"
        return [f"it was issued at {issued}, after now, {now:%Y-%m-%d %H:%M}; set the clock"]
    return []
