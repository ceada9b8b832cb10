"""AUC of resampled blocks: each resample weighs the blocks, and no score is sorted twice.

For up to some hundred blocks a table holds, for each pair of blocks, how many (positive, negative)
pairs the positive wins. A resample's AUC is then the quadratic form w'Mw over its number of pairs,
which equals the AUC of the repeated rows exactly. For more blocks, rows are sorted once and their
weights are summed along that order.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.bool_]
Areas = Callable[[Floats], Floats]
PAIRED_BLOCKS = 512  # beyond, the table costs more than summing along the order
CELLS = 4_000_000  # numbers held at a time


def areas_of(of_row: npt.NDArray[np.intp], positive: Rows, score: Floats, count: int) -> Areas:
    """Return a function from resamples (rows of block counts) to their AUC; ties count half."""
    ranks = np.unique(score, return_inverse=True)[1].astype(np.intp)
    if count <= PAIRED_BLOCKS:
        return _paired(of_row, positive, ranks, count)
    return _sorted(of_row, positive, ranks)


def _paired(
    of_row: npt.NDArray[np.intp], positive: Rows, ranks: npt.NDArray[np.intp], count: int
) -> Areas:
    ours = np.sort(ranks[positive])
    blocks = of_row[positive][np.argsort(ranks[positive], kind="stable")]
    others, other_blocks = ranks[~positive], of_row[~positive]
    by_block = np.lexsort((others, other_blocks))
    edges = np.searchsorted(other_blocks[by_block], np.arange(count + 1))
    wins = np.zeros((count, count))
    for block in range(count):
        lost = others[by_block[edges[block] : edges[block + 1]]]
        if len(lost):
            won = np.searchsorted(lost, ours, "left") + np.searchsorted(lost, ours, "right")
            wins[:, block] = np.bincount(blocks, won / 2, minlength=count)
    positives = np.bincount(blocks, minlength=count).astype(np.float64)
    negatives = np.bincount(other_blocks, minlength=count).astype(np.float64)

    def areas(weight: Floats) -> Floats:
        pairs = (weight @ positives) * (weight @ negatives)
        return ((weight @ wins) * weight).sum(axis=1) / pairs

    return areas


def _sorted(of_row: npt.NDArray[np.intp], positive: Rows, ranks: npt.NDArray[np.intp]) -> Areas:
    order = np.argsort(ranks, kind="stable")
    blocks, truth = of_row[order], positive[order].astype(np.float64)
    starts = np.flatnonzero(np.diff(ranks[order], prepend=-1))
    step = max(1, CELLS // max(1, len(order)))

    def some(weight: Floats) -> Floats:
        each = weight[:, blocks]
        positives = np.add.reduceat(each * truth, starts, axis=1)
        negatives = np.add.reduceat(each * (1 - truth), starts, axis=1)
        lower = np.cumsum(negatives, axis=1) - negatives / 2
        pairs = positives.sum(axis=1) * negatives.sum(axis=1)
        return (positives * lower).sum(axis=1) / pairs

    def areas(weight: Floats) -> Floats:
        parts = [some(weight[first : first + step]) for first in range(0, len(weight), step)]
        return np.concatenate(parts)

    return areas
