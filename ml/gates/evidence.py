"""What rules look at: one hold-out, the scores of both models on it, and the model itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.errors import TaskError
from ml.gates import blocks as making
from ml.gates.areas import Floats, Rows
from ml.gates.bootstrap import Resampler, Sampled
from ml.gates.policy import Bootstrap, Grouping
from ml.metrics import EPSILON
from ml.tabular_scorer import Cells
from ml.training import Examples

Score = Callable[[Mapping[str, Cells]], Floats]
DISTINCT = 50  # a number with more values than that needs edges to make groups


@dataclass(frozen=True)
class Evidence:
    """The hold-out with the scores of the challenger and, where there is one, of the champion."""

    examples: Examples
    resampler: Resampler
    model: Path
    scorer: Score
    challenger: Floats
    champion: Floats | None = None

    @cached_property
    def label(self) -> Floats:
        """The truth, as numbers."""
        return self.examples.label.astype(np.float64)

    def auc(self, score: Floats, rows: Rows | None = None) -> Sampled:
        """Resample the AUC of some rows."""
        return self.resampler.auc(self.examples.label, score, rows)

    def brier(self, score: Floats, rows: Rows | None = None) -> Sampled:
        """Resample the Brier score of some rows."""
        return self.mean((score - self.label) ** 2, rows)

    def brier_skill(self, score: Floats) -> Sampled:
        """Resample 1 - Brier / Brier of always saying the base rate of the same rows."""
        loss = (score - self.label) ** 2
        return self.resampler.of_sums(
            [loss, self.label, np.ones_like(loss)],
            lambda lost, positive, rows: 1 - lost / (positive * (1 - positive / rows)),
        )

    def log_loss(self, score: Floats) -> Sampled:
        """Resample the logarithmic loss."""
        inside = np.clip(score, EPSILON, 1 - EPSILON)
        return self.mean(-np.where(self.label == 1, np.log(inside), np.log1p(-inside)))

    def mean(self, values: Floats, rows: Rows | None = None) -> Sampled:
        """Resample a mean over some rows."""
        return self.resampler.ratio(values, np.ones_like(values), rows)

    def groups(self, grouping: Grouping) -> dict[str, Rows]:
        """Return the rows of each group; rows without a value are in none."""
        name = grouping.feature
        cells = np.asarray(self.examples.columns[name])
        if cells.dtype == object:
            texts = np.asarray([cell if isinstance(cell, str) else "" for cell in cells])
            if grouping.edges:
                raise TaskError(f"{name} is text and has no ranges; remove its edges in gates.yaml")
            return {f"{name} {text}": texts == text for text in np.unique(texts) if text}
        numbers = cells.astype(np.float64)
        if grouping.edges:
            bounds = [-np.inf, *grouping.edges, np.inf]
            ranges = pairwise(bounds)
            return {_range(name, *ends): _inside(numbers, *ends) for ends in ranges}
        found = np.unique(numbers[np.isfinite(numbers)])
        if len(found) > DISTINCT:
            raise TaskError(
                f"{name} has {len(found)} different numbers, too many for groups of their own; "
                "give edges in gates.yaml"
            )
        return {f"{name} {number:g}": numbers == number for number in found}

    def sample(self, rows: int) -> "Evidence":
        """Return about so many rows, taken evenly over the whole time."""
        step = max(1, len(self.examples.label) // rows)
        chosen = np.zeros(len(self.examples.label), dtype=np.bool_)
        chosen[::step] = True
        inside = making.by_name(self.resampler.blocks.of_row[chosen])
        return Evidence(
            self.examples.chosen(chosen),
            replace(self.resampler, blocks=inside),
            self.model,
            self.scorer,
            self.challenger[chosen],
            None if self.champion is None else self.champion[chosen],
        )


def resampler(examples: Examples, settings: Bootstrap) -> Resampler:
    """Return the resampler that the policy asks for."""
    return Resampler(
        _blocks(examples, settings),
        settings.resamples,
        settings.seed,
        settings.level,
        settings.min_blocks,
    )


def _blocks(examples: Examples, settings: Bootstrap) -> making.Blocks:
    if settings.block == "day":
        return making.by_day(examples.time, settings.zone)
    if settings.block == "row":
        return making.by_row(len(examples.label))
    cells: npt.NDArray[np.generic] = np.asarray(examples.columns[settings.block])
    return making.by_name(cells)


def _inside(numbers: Floats, low: float, high: float) -> Rows:
    return (numbers >= low) & (numbers < high)


def _range(name: str, low: float, high: float) -> str:
    if low == -np.inf:
        return f"{name} below {high:g}"
    return f"{name} from {low:g}" if high == np.inf else f"{name} {low:g} to {high:g}"
