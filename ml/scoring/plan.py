"""What is to be scored and by which model: the documents that every part of a scoring agrees on."""

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ml.errors import TaskError

NAME = "plan.json"
KEY = "key_"  # before the name of a key column, as a feature may have the same name
ROW = "_row"


class Recorded(BaseModel):
    """What stands in a plan does not change."""

    model_config = ConfigDict(frozen=True)


class Batch(Recorded):
    """One file of rows; `first` is the number of its first row in the whole table."""

    file: str
    first: int
    rows: int
    sha256: str


class Plan(Recorded):
    """All mini-batches of one table, in the order of its rows."""

    task: str
    data_version: str
    tables_digest: str
    schema_sha256: str
    settings_sha256: str
    key: tuple[str, ...]
    features: tuple[str, ...]
    rows: int
    batches: tuple[Batch, ...]

    @property
    def digest(self) -> str:
        """One digest over everything that decides what the scores are of."""
        return _digest(self)

    def batch(self, path: Path) -> Batch:
        """Return the mini-batch that a file is, by its name."""
        for batch in self.batches:
            if batch.file == path.name:
                return batch
        raise TaskError(
            f"the plan has no mini-batch {path.name}; give the folder of mini-batches that was "
            "written together with this plan"
        )

    def write(self, folder: Path) -> None:
        """Write the plan for the other steps."""
        (folder / NAME).write_text(self.model_dump_json(indent=2) + "\n", encoding="utf-8")


class Model(Recorded):
    """The model that scores, under the name that it is registered by."""

    name: str
    version: str
    digest: str


def identity(plan: Plan, model: Model) -> str:
    """Return what tells one scoring from every other: the same rows by the same model."""
    return hashlib.sha256(f"{plan.digest} {_digest(model)}".encode()).hexdigest()


def read(folder: Path) -> Plan:
    """Read a plan, and refuse one whose mini-batches leave rows out or have them twice."""
    path = folder / NAME
    if not path.is_file():
        raise TaskError(f"{folder} has no {NAME}; give the folder that score_prepare wrote")
    try:
        plan = Plan.model_validate_json(path.read_text(encoding="utf-8"))
    except ValidationError as error:
        raise TaskError(f"{path} is no plan of this version: {error}") from error
    expected = 0
    for batch in plan.batches:
        if batch.first != expected:
            raise TaskError(
                f"{path}: {batch.file} starts at row {batch.first}, wanted row {expected}; run "
                "score_prepare again"
            )
        expected += batch.rows
    if expected != plan.rows:
        raise TaskError(
            f"{path}: the mini-batches have {expected} rows, wanted {plan.rows}; run score_prepare "
            "again"
        )
    return plan


def _digest(document: BaseModel) -> str:
    text = json.dumps(document.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
