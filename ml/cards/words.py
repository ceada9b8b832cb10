"""What only people can say of a task's model: `card.yaml` in the task's folder."""

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ml import task as tasks
from ml.errors import TaskError

NAME = "card.yaml"


class Words(BaseModel):
    """Intended use and limits; unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str = Field(min_length=3)
    intended_use: str = Field(min_length=20)
    not_for: tuple[str, ...] = Field(min_length=1)
    limits: tuple[str, ...] = Field(min_length=1)
    data: str = Field(min_length=20)
    licence: str
    contact: str = Field(min_length=3)


def read(task: str | Path) -> Words:
    """Read a task's words.

    Raises:
        TaskError: the file is missing or wrong; every mistake is named.
    """
    folder = Path(task) if Path(task).is_dir() else tasks.TASKS / str(task)
    path = folder / NAME
    if not path.is_file():
        raise TaskError(
            f"task {folder.name} has no {NAME}; write down its intended use and its limits, as "
            "ml/tasks/flights/card.yaml does"
        )
    try:
        return Words.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise TaskError(f"{folder.name}/{NAME} is no YAML: {error}") from error
    except ValidationError as error:
        wrong = [
            f"  {'.'.join(map(str, found['loc'])) or 'file'}: {found['msg']}"
            for found in error.errors()
        ]
        raise TaskError(f"{folder.name}/{NAME} is wrong:\n" + "\n".join(wrong)) from error
