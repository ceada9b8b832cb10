"""The result that staging signs: what was tested where, by which code, and what came out."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from ml.acceptance.limits import Limits
from ml.gates.outcome import Outcome, Result, worst
from ml.place import Place
from ml.verdict.document import Code, Environment, ModelContent, Sha256, Word
from ml.verdict.envelope import Kind

NAME = "acceptance.json"
KIND = Kind("acceptance", "mlops-acceptance+json")
FORMAT = "mlops-acceptance/1"
TRIALS = ("ready", "contract", "smoke", "load")


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Tested(_Frozen):
    """The registered version that was deployed, its bytes, and the verdict that they brought."""

    name: Word
    version: Word
    content: ModelContent
    verdict_sha256: Sha256


class Where(_Frozen):
    """The workspace by its resource id, and what answered there."""

    workspace: Word
    endpoint: Word
    deployment: Word


class Acceptance(_Frozen):
    """Everything that is signed. Times are UTC; nothing opens with it after `expires`."""

    format: Literal["mlops-acceptance/1"] = FORMAT
    outcome: Outcome
    task: Word
    job: Word
    started: AwareDatetime
    issued: AwareDatetime
    model: Tested
    where: Where
    limits: Limits
    environment: Environment
    code: Code
    results: tuple[Result, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        decided = worst(result.outcome for result in self.results)
        if self.outcome is not decided:
            raise ValueError(f"outcome is {self.outcome}, but its tests decide {decided}")
        if self.issued < self.started:
            raise ValueError(f"it was issued at {self.issued}, before it started")
        return self

    @property
    def expires(self) -> AwareDatetime:
        """From then on it opens nothing."""
        return self.issued + timedelta(days=self.limits.valid_days)

    @property
    def text(self) -> str:
        """A table for people: what was tested, then each test with its numbers."""
        lines = [
            f"tested     {self.outcome} for {self.model.name}:{self.model.version}",
            f"model      {self.model.content.digest}",
            f"at         {self.where.deployment} of {self.where.endpoint}",
            f"job        {self.job}, {self.issued:%Y-%m-%d %H:%M} UTC",
            f"limits     {self.limits}",
            f"code       {self.code.version}",
            "",
        ]
        for result in self.results:
            lines.append(f"{result.rule:<10}{result.outcome:<6}{result.reason}")
            lines += [f"  {found.outcome:<6}{found}" for found in result.findings]
        return "\n".join(lines)


def workspace_id(place: Place) -> str:
    """Return the resource id of a workspace."""
    return (
        f"/subscriptions/{place.subscription}/resourceGroups/{place.resource_group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{place.workspace}"
    )
