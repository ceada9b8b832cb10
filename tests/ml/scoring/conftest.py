"""A month of flights that has no outcome yet, and a small model to score it with."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ml import mlflow_model
from ml import task as tasks
from ml.scoring.plan import Model
from ml.steps.ingest import ingest
from ml.steps.score import Run
from ml.steps.train import train
from ml.steps.validate import moment

KEEP_EVERY = 6
OUTCOMES = ("dep_time", "dep_delay", "arr_time", "arr_delay", "air_time")


@dataclass(frozen=True)
class World:
    """The folders of what is scored, and of the model."""

    raw: Path
    tables: Path
    model: Path
    wanted: Model
    as_of: str

    def run(self, folder: Path, **more: int) -> Run:
        return Run(
            tables=self.tables,
            model=self.model,
            work=folder / "work",
            merged=folder / "merged",
            as_of=moment(self.as_of),
            **more,
        )


def blanked(line: str, header: list[str]) -> str:
    """A row as it is before the flight: without what is known only after."""
    cells = line.split(",")
    return ",".join(
        "NA" if name in OUTCOMES else cell for name, cell in zip(header, cells, strict=True)
    )


@pytest.fixture(scope="session")
def world(made, flights: tasks.Task, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("scoring")
    raw, tables, model = (folder / name for name in ("raw", "tables", "model"))
    raw.mkdir()
    tables.mkdir()
    for name in ("weather", "planes", "airports"):
        (raw / f"{name}.csv").symlink_to(made.raw / f"{name}.csv")
    first, *lines = (made.raw / "flights.csv").read_text().splitlines()
    header = first.split(",")
    kept = [blanked(line, header) for line in reversed(lines[::KEEP_EVERY])]
    (raw / "flights.csv").write_text("\n".join([first, *kept]) + "\n")
    ingest(flights, raw, tables)
    training = flights.settings.training.model_copy(update={"rounds": 5})
    settings = flights.settings.model_copy(update={"training": training})
    train(flights.model_copy(update={"settings": settings}), made.train, model)
    wanted = Model(name="flights-late", version="7", digest=mlflow_model.digest(model))
    return World(raw, tables, model, wanted, flights.settings.data.as_of)
