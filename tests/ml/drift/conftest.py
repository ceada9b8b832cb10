"""Months drawn as counts: what a thousand months of rows would be counted as."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from ml.drift import bins as cells
from ml.drift import freeze
from ml.drift.distances import shares
from ml.drift.monitor import Reference, Window
from ml.drift.policy import Policy
from ml.drift.profile import Cells, Outcomes, Profile


@dataclass(frozen=True)
class World:
    """Columns x0 ... with a score whose positives are as frequent as it says."""

    bins: cells.Bins
    truth: dict[str, np.ndarray]
    draw: np.random.Generator
    rows: int = 200
    days: int = 30

    def profile(
        self,
        day_spread: float = 0.0,
        moved: dict[str, np.ndarray] | None = None,
        lift: float = 0.0,
        *,
        known: bool = False,
    ) -> Profile:
        """Draw a month; `day_spread` makes days differ, `moved` columns, `lift` the concept."""
        columns, outcomes = {}, None
        for name, share in (self.truth | (moved or {})).items():
            empty = self.draw.binomial(self.rows, 0.0 if name == "score" else 0.02, self.days)
            counts = self._drawn(share, self.rows - empty, day_spread)
            columns[name] = Cells(counts=counts, nulls=empty)
            if name == "score":
                middles = np.clip(self.bins.number("score").middles, 0.001, 0.999)
                chance = 1 / (1 + np.exp(-np.log(middles / (1 - middles)) - lift))
                positives = self.draw.binomial(counts, chance)
                lost = positives * (1 - middles) ** 2 + (counts - positives) * middles**2
                outcomes = Outcomes(
                    positives=positives,
                    negatives=counts - positives,
                    sums={"brier": np.rint(lost.sum(axis=1) * 1e6).astype(int)},
                )
        if known:
            columns = {name: self._with_losses(each) for name, each in columns.items()}
        return Profile(
            bins=self.bins.digest,
            blocks=tuple(f"2013-03-{day:02}" for day in range(1, self.days + 1)),
            rows=np.full(self.days, self.rows),
            columns=columns,
            outcomes=outcomes,
        )

    def reference(self, **options) -> Reference:
        return Reference(bins=self.bins, profile=self.profile(known=True, **options))

    def window(self, **options) -> Window:
        return Window(profile=self.profile(**options))

    def _drawn(self, share: np.ndarray, rows: np.ndarray, day_spread: float) -> np.ndarray:
        if not day_spread:
            return self.draw.multinomial(rows, share)
        weights = self.draw.gamma(
            np.maximum(share, 1e-9) / day_spread, size=(self.days, len(share))
        )
        return self.draw.multinomial(rows, weights / weights.sum(axis=1, keepdims=True))

    def _with_losses(self, each: Cells) -> Cells:
        total = each.total
        return Cells(counts=each.counts, nulls=each.nulls, labelled=total, losses=total * 160_000)


@cache
def truth(numbers: int, letters: int) -> tuple[cells.Bins, dict[str, np.ndarray]]:
    """Freeze columns and return how often each cell is hit."""
    draw = np.random.default_rng(17)
    rows = {f"x{number}": draw.normal(size=5_000) for number in range(numbers)}
    rows |= {f"c{number}": draw.choice(list("abcdef"), 5_000) for number in range(letters)}
    rows["score"] = draw.beta(2, 6, 5_000)
    table = pa.table(rows)
    frozen = freeze.freeze(table.to_batches(), table.schema.names)
    found = {}
    for name, cut in frozen.columns.items():
        number = cut.kind == "number"
        places = cut.count(rows[name]) if number else np.unique(rows[name], return_inverse=True)[1]
        found[name] = shares(np.bincount(places, minlength=cut.cells))
    return frozen, found


@pytest.fixture(scope="session")
def world() -> Callable[..., World]:
    def build(seed: int, numbers: int = 16, letters: int = 4, **options) -> World:
        return World(*truth(numbers, letters), np.random.default_rng(seed), **options)

    return build


@pytest.fixture
def policy() -> Callable[..., Policy]:
    def build(**options) -> Policy:
        return Policy.model_validate(
            {
                "task": "made",
                "score": "score",
                "label": "label",
                "time": "at",
                "window_days": 30,
                "checks_per_month": 1,
                "false_alarms_per_month": 0.1,
                "performance": [{"metric": "auc", "by": 0.01}, {"metric": "brier", "by": 0.002}],
                "estimated": [{"metric": "brier", "by": 0.002}],
                **options,
            }
        )

    return build
