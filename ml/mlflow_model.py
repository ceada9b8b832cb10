"""Writing the model as an MLflow folder: signature, example, pins and lineage inside."""

import hashlib
import json
import logging
import tempfile
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from ml import evidence, tabular_scorer
from ml.errors import TaskError
from ml.tabular_scorer import Cells, Scorer

# Named one by one: letting MLflow infer them starts a process that takes about ten seconds.
PINNED = ("mlflow-skinny", "numpy", "pandas", "xgboost-cpu")
LINEAGE = "lineage.json"
DATA = Path("data") / "scorer"
EXAMPLE_ROWS = 5
VOLATILE = frozenset({"model_uuid", "model_id", "utc_time_created"})


class Lineage(BaseModel):
    """Where a model comes from; kept inside its folder, so that it cannot be separated from it.

    `fitted_with` are the booster's settings, those that a sweep chose among them.
    """

    model_config = ConfigDict(frozen=True)
    task: str
    data_version: str
    schema_sha256: str
    settings_sha256: str
    train_periods: tuple[str, str]
    rows: int
    rounds: int
    stop_periods: tuple[str, ...]
    fitted_with: dict[str, int | float | str] = {}


def save(scorer: Scorer, columns: Mapping[str, Cells], lineage: Lineage, folder: Path) -> None:
    """Write the model folder; `columns` are the first training rows, kept as input example."""
    import pandas as pd  # noqa: PLC0415  seconds that --help and other steps do not need

    with _quiet():
        import mlflow.pyfunc  # noqa: PLC0415  as above
        from mlflow.models import ModelSignature  # noqa: PLC0415  as above
        from mlflow.types import ColSpec, Schema  # noqa: PLC0415  as above

    encoder = scorer.encoder
    kinds = {
        name: "string" if name in encoder.categories else "double" for name in encoder.features
    }
    example = pd.DataFrame(
        {
            name: pd.Series(
                [_plain(cell) for cell in columns[name][:EXAMPLE_ROWS]],
                dtype="object" if kind == "string" else "float64",
            )
            for name, kind in kinds.items()
        }
    )
    signature = ModelSignature(
        inputs=Schema([ColSpec(kind, name) for name, kind in kinds.items()]),
        outputs=Schema([ColSpec("double", "probability")]),
    )
    with tempfile.TemporaryDirectory(prefix="mlops-model-") as scratch:
        data = Path(scratch) / DATA.name
        scorer.save(data)
        (data / LINEAGE).write_text(lineage.model_dump_json(indent=2) + "\n", encoding="utf-8")
        with _quiet():
            mlflow.pyfunc.save_model(
                path=folder,
                loader_module=tabular_scorer.__name__.rpartition(".")[2],
                data_path=str(data),
                code_paths=[tabular_scorer.__file__],
                pip_requirements=[f"{name}=={metadata.version(name)}" for name in PINNED],
                signature=signature,
                input_example=example,
            )


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """Hide MLflow's remarks on itself, on pickles (there is none) and on tracing."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*type hint", category=UserWarning)
            warnings.filterwarnings(
                "ignore", message="Passing a Python object", category=FutureWarning
            )
            yield
    finally:
        logger.setLevel(level)


def load(folder: Path) -> Scorer:
    """Read the scorer out of a model folder without MLflow, whose import takes seconds."""
    return tabular_scorer.load(folder / DATA)


def lineage(folder: Path) -> Lineage:
    """Read what the model says about where it comes from."""
    path = folder / DATA / LINEAGE
    if not path.is_file():
        raise TaskError(f"{folder} has no {DATA / LINEAGE}; give the folder that train wrote")
    return Lineage.model_validate_json(path.read_text(encoding="utf-8"))


def digest(folder: Path) -> str:
    """Return the digest of the model's bytes.

    It leaves out MLflow's own id and time of writing, and the evidence that joins at registering.
    """
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        if "__pycache__" in path.parts:
            continue
        if path.relative_to(folder).as_posix() in evidence.NAMES:
            continue
        content = path.read_bytes()
        if path.relative_to(folder).as_posix() == "MLmodel":
            described = yaml.safe_load(content)
            kept = {name: value for name, value in described.items() if name not in VOLATILE}
            content = json.dumps(kept, sort_keys=True).encode()
        name = path.relative_to(folder).as_posix()
        total.update(f"{name} {hashlib.sha256(content).hexdigest()}\n".encode())
    return total.hexdigest()


def _plain(cell: object) -> object:
    return cell if isinstance(cell, str) or cell is None else float(str(cell))
