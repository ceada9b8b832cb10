"""Reading the examples that the prepare step wrote."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from ml.errors import TaskError
from ml.training import Examples

DATA, ABOUT = "examples.parquet", "about.json"
LABEL, PERIOD, TIME = "_label", "_period", "_time"


class About(BaseModel):
    """What the prepare step wrote beside the examples."""

    model_config = ConfigDict(frozen=True)
    task: str
    part: str
    data_version: str
    schema_sha256: str
    settings_sha256: str
    features: tuple[str, ...]
    categories: tuple[str, ...]
    periods: tuple[dict[str, str | int], ...]


def about(folder: Path, part: str) -> About:
    """Read the description of a folder and refuse the other part."""
    path = folder / ABOUT
    if not path.is_file():
        raise TaskError(f"{folder} has no {ABOUT}; give the {part} folder that prepare wrote")
    found = About.model_validate(json.loads(path.read_text(encoding="utf-8")))
    if found.part != part:
        raise TaskError(f"{folder} holds the {found.part} examples; this step takes {part}")
    return found


def read(folder: Path, described: About) -> Examples:
    """Read features, label, period and time; numbers stay 32 bit, text becomes objects."""
    table = pq.read_table(folder / DATA)
    columns = {name: _cells(table[name]) for name in described.features}
    label = np.asarray(table[LABEL].to_numpy(), dtype=np.int8)
    period = np.asarray(table[PERIOD].to_pylist(), dtype=np.str_)
    time = np.asarray(table[TIME].to_numpy(), dtype="datetime64[s]")
    return Examples(columns, label, period, time)


def _cells(column: pa.ChunkedArray) -> np.ndarray:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return np.asarray(column.to_pylist(), dtype=object)
    return pc.cast(column, pa.float32()).to_numpy()
