"""The losses that releases compare; each request has its own, so that days can be summed."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_SMALLEST = 1e-6  # a probability of 0 that came true would cost more than a whole month


class LossName(StrEnum):
    """The name of a loss."""

    BRIER = "brier"
    LOG = "log"
    SQUARED = "squared"
    ABSOLUTE = "absolute"


def losses(name: LossName, label: npt.ArrayLike, score: npt.ArrayLike) -> Floats:
    """Return the loss of each score; lower is better."""
    truth, found = (np.asarray(each, dtype=np.float64) for each in (label, score))
    match name:
        case LossName.BRIER | LossName.SQUARED:
            return (found - truth) ** 2
        case LossName.ABSOLUTE:
            return np.abs(found - truth)
        case LossName.LOG:
            right = np.clip(np.where(truth == 1, found, 1 - found), _SMALLEST, 1)
            return -np.log(right)
