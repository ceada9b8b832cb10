"""A small sample of the real flights, and the folders that each step makes of it."""

import shutil
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ml import task as tasks
from ml.cli import raw_data
from ml.steps.ingest import ingest
from ml.steps.prepare import prepare
from ml.steps.validate import moment, validate

KEEP_EVERY = 60


@dataclass(frozen=True)
class Made:
    """The folders of one run over the sample."""

    raw: Path
    tables: Path
    report: Path
    train: Path
    holdout: Path


@pytest.fixture(scope="session")
def flights() -> tasks.Task:
    return tasks.load("flights")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory, flights: tasks.Task) -> Path:
    """Every 60th flight of the year with all weather, planes and airports."""
    source = raw_data.folder(flights.settings.data, None)
    folder = tmp_path_factory.mktemp("sample")
    for name in ("weather", "planes", "airports"):
        shutil.copy(source / f"{name}.csv", folder)
    with (
        zipfile.ZipFile(source / "flights.csv.zip") as archive,
        archive.open("flights.csv") as lines,
        (folder / "flights.csv").open("wb") as target,
    ):
        for number, line in enumerate(lines):
            if number % KEEP_EVERY == 0:
                target.write(line)
    return folder


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, flights: tasks.Task, sample: Path) -> Made:
    folder = tmp_path_factory.mktemp("made")
    parts = {name: folder / name for name in ("tables", "report", "train", "holdout")}
    for part in parts.values():
        part.mkdir()
    ingest(flights, sample, parts["tables"])
    validate(flights, parts["tables"], moment(flights.settings.data.as_of)).write(parts["report"])
    prepare(
        flights,
        parts["tables"],
        parts["report"],
        {"train": parts["train"], "holdout": parts["holdout"]},
    )
    return Made(sample, **parts)


@pytest.fixture
def spoiled(
    sample: Path, tmp_path: Path
) -> Callable[[str, Callable[[list[str]], list[str]]], Path]:
    """Return a function that copies the sample and changes the lines of one file."""

    def spoil(name: str, change: Callable[[list[str]], list[str]]) -> Path:
        folder = tmp_path / "spoiled"
        shutil.copytree(sample, folder)
        path = folder / f"{name}.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join(change(lines)) + "\n", encoding="utf-8")
        return folder

    return spoil
