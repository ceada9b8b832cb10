"""The verdict itself: what was judged, by which rules and code, and what came out."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ml.gates.outcome import Outcome, Result, Skipped, worst

FORMAT = "mlops-verdict/1"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Word = Annotated[str, Field(min_length=1, max_length=512)]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ModelContent(_Frozen):
    """A model's bytes: their digest, and beside it what MLflow makes anew at each saving."""

    digest: Sha256
    uuid: Word
    created: Word


class Judged(_Frozen):
    """The model that was judged, under the name it is registered by."""

    name: Word
    content: ModelContent


class Champion(_Frozen):
    """The model that it was compared with."""

    version: Word
    digest: Sha256


class Data(_Frozen):
    """The window, its schema, and exactly the hold-out that was scored."""

    version: Word
    schema_sha256: Sha256
    settings_sha256: Sha256
    train_periods: tuple[Word, Word]
    holdout_periods: tuple[Word, Word]
    holdout_sha256: Sha256


class Environment(_Frozen):
    """Where the gate ran: the environment's name in Azure ML, and what was installed there."""

    reference: Word
    python: Word
    packages_sha256: Sha256


class Code(_Frozen):
    """The code of the gate: the version that was sent, and the bytes that ran."""

    version: Word
    sha256: Sha256


class Verdict(_Frozen):
    """Everything that is signed. Times are UTC; nothing opens with it after `expires`."""

    format: Literal["mlops-verdict/1"] = FORMAT
    outcome: Outcome
    task: Word
    job: Word
    issued: AwareDatetime
    expires: AwareDatetime
    model: Judged
    champion: Champion | None
    data: Data
    environment: Environment
    code: Code
    policy_sha256: Sha256
    results: tuple[Result, ...] = Field(min_length=1)
    skipped: tuple[Skipped, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        decided = worst(result.outcome for result in self.results)
        if self.outcome is not decided:
            raise ValueError(f"outcome is {self.outcome}, but its rules decide {decided}")
        if self.expires <= self.issued:
            raise ValueError(f"it expires at {self.expires}, before it was issued")
        return self

    @property
    def text(self) -> str:
        """A table for people: what was judged, then each rule with its numbers."""
        champion = self.champion
        against = f"version {champion.version}" if champion else "no champion"
        lines = [
            f"verdict    {self.outcome} for {self.model.name}, task {self.task}",
            f"model      {self.model.content.digest}",
            f"against    {against}",
            f"hold-out   {' to '.join(self.data.holdout_periods)} of data {self.data.version}",
            f"job        {self.job}, {_minute(self.issued)}, valid until {_minute(self.expires)}",
            f"policy     {self.policy_sha256}",
            f"code       {self.code.version}",
            f"runs in    {self.environment.reference}",
            "",
        ]
        for result in self.results:
            lines.append(f"{result.rule:<12}{result.outcome:<14}{result.reason}")
            lines += [f"  {found.outcome:<14}{found}" for found in result.findings]
            lines += [f"  {'not judged':<14}{name}" for name in result.unjudged]
        lines += [f"{rule.rule:<12}{'skipped':<14}{rule.reason}" for rule in self.skipped]
        return "\n".join(lines)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
