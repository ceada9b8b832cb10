"""The model itself: encodes a table's columns and asks the booster; it travels inside the model.

This file stands alone (numpy and xgboost only): MLflow loads it from the model's own folder.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd
    import xgboost as xgb

BOOSTER, ENCODER = "booster.ubj", "encoder.json"
Matrix = npt.NDArray[np.float32]
Cells = Sequence[object] | npt.NDArray[np.generic]


@dataclass(frozen=True)
class Encoder:
    """Turns named columns into numbers; categories that it was not fitted on count as unknown."""

    features: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]

    @classmethod
    def fit(cls, features: Sequence[str], categorical: Mapping[str, Cells], rare: int = 1) -> Self:
        """Learn the categories that occur at least `rare` times."""
        learned: dict[str, tuple[str, ...]] = {}
        for name, cells in categorical.items():
            present = [str(cell) for cell in cells if isinstance(cell, str)]
            names, counts = np.unique(np.asarray(present, dtype=str), return_counts=True)
            learned[name] = tuple(
                str(text) for text, count in zip(names, counts, strict=True) if count >= rare
            )
        return cls(tuple(features), learned)

    @property
    def kinds(self) -> list[str]:
        """XGBoost's feature types: c for a category, q for a number."""
        return ["c" if name in self.categories else "q" for name in self.features]

    def encode(self, columns: Mapping[str, Cells]) -> Matrix:
        """Return the matrix that the booster takes; empty and unknown cells are NaN."""
        absent = [name for name in self.features if name not in columns]
        if absent:
            raise ValueError(f"these features are missing: {', '.join(absent)}")
        rows = len(columns[self.features[0]])
        matrix = np.empty((rows, len(self.features)), dtype=np.float32)
        for position, name in enumerate(self.features):
            if name in self.categories:
                codes = {text: float(code) for code, text in enumerate(self.categories[name])}
                found = (
                    codes.get(cell, np.nan) if isinstance(cell, str) else np.nan
                    for cell in columns[name]
                )
                matrix[:, position] = np.fromiter(found, dtype=np.float32, count=rows)
            else:
                matrix[:, position] = np.asarray(columns[name], dtype=np.float32)
        return matrix


@dataclass(frozen=True)
class Scorer:
    """Encoder and booster together: columns in, probability of the positive class out."""

    encoder: Encoder
    booster: "xgb.Booster"

    def score(self, columns: Mapping[str, Cells]) -> npt.NDArray[np.float64]:
        """Return one probability a row."""
        import xgboost as xgb  # noqa: PLC0415  costs seconds that reading a model's settings does not need

        encoder = self.encoder
        data = xgb.DMatrix(
            encoder.encode(columns),
            feature_names=list(encoder.features),
            feature_types=encoder.kinds,
            enable_categorical=True,
        )
        return np.asarray(self.booster.predict(data), dtype=np.float64)

    def predict(
        self, model_input: "pd.DataFrame", params: object = None
    ) -> npt.NDArray[np.float64]:
        """Score a data frame, as MLflow asks for it."""
        if params:
            raise ValueError(f"this model takes no parameters, got {params!r}")
        frame = model_input
        return self.score({name: frame[name].to_numpy() for name in self.encoder.features})

    def save(self, folder: Path) -> None:
        """Write both files; the same model gives the same bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {"features": self.encoder.features, "categories": self.encoder.categories}
        (folder / ENCODER).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        self.booster.save_model(folder / BOOSTER)


def load(folder: str | Path) -> Scorer:
    """Read what `save` wrote."""
    import xgboost as xgb  # noqa: PLC0415  as above

    path = Path(folder)
    document = json.loads((path / ENCODER).read_text(encoding="utf-8"))
    encoder = Encoder(
        tuple(document["features"]),
        {name: tuple(values) for name, values in document["categories"].items()},
    )
    booster = xgb.Booster()
    booster.load_model(path / BOOSTER)
    return Scorer(encoder, booster)


def _load_pyfunc(data_path: str) -> Scorer:
    """Give MLflow the object whose `predict` it calls."""
    return load(data_path)
