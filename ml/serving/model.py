"""The MLflow model of a deployment: where Azure ML puts it, and how it is asked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ml.serving.contract import Contract, ContractError
from ml.serving.service import Predict

_DTYPES = {
    "double": "float64",
    "float": "float32",
    "integer": "int32",
    "long": "int64",
    "string": "object",
    "boolean": "bool",
    "datetime": "datetime64[ns]",
}


@dataclass(frozen=True)
class Found:
    """A model on disk with the name and version that it is registered under."""

    name: str
    version: str
    folder: Path


def find(root: Path) -> Found:
    """Return the one model below AZUREML_MODEL_DIR, which ends in name and version.

    Raises:
        ContractError: there is none, or more than one.
    """
    folders = sorted({path.parent for path in root.rglob("MLmodel")})
    # A model may carry others inside itself; those are its own business.
    outer = [one for one in folders if not any(other in one.parents for other in folders)]
    if len(outer) != 1:
        found = ", ".join(map(str, outer)) or "none"
        raise ContractError(
            f"AZUREML_MODEL_DIR {root} must hold one MLflow model (a folder with a file MLmodel); "
            f"found: {found}"
        )
    return Found(name=root.parent.name, version=root.name, folder=outer[0])


def load(folder: Path, contract: Contract) -> Predict:
    """Load the model, and ask it once, so that it is ready when it says so."""
    mlflow = import_module("mlflow.pyfunc")
    pandas = import_module("pandas")
    loaded = mlflow.load_model(str(folder))

    def predict(columns: Mapping[str, Sequence[object]]) -> Iterable[object]:
        series = {
            name: pandas.Series(columns[name], dtype=_DTYPES[kind])
            for name, kind in contract.columns.items()
        }
        return list(loaded.predict(pandas.DataFrame(series)))

    example = folder / "input_example.json"
    if example.is_file():
        split = json.loads(example.read_text(encoding="utf-8"))
        if isinstance(split, dict) and {"columns", "data"} <= set(split):
            first = {name: [split["data"][0][at]] for at, name in enumerate(split["columns"])}
            predict(first)
    return predict
