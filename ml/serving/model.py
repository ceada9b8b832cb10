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
    # Seconds that a test of the rest need not spend.
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    loaded = import_module("mlflow.pyfunc").load_model(str(folder))
    dtypes = {name: _DTYPES[kind] for name, kind in contract.columns.items()}

    def predict(columns: Mapping[str, Sequence[object]]) -> Iterable[object]:
        frame = pd.DataFrame({name: list(columns[name]) for name in dtypes}, dtype=object)
        found = np.asarray(loaded.predict(frame.astype(dtypes)))
        return found.ravel() if found.ndim == 2 and found.shape[1] == 1 else found

    example = folder / "input_example.json"
    if example.is_file():
        split = json.loads(example.read_text(encoding="utf-8"))
        if isinstance(split, dict) and {"columns", "data"} <= set(split):
            first = {name: [split["data"][0][at]] for at, name in enumerate(split["columns"])}
            predict(first)
    return predict
