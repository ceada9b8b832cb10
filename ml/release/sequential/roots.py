"""Finding where a function of one number crosses zero."""

from collections.abc import Callable
from math import isfinite

from scipy import optimize

Curve = Callable[[float], float]
_DOUBLINGS = 60
_EXACT = 1e-12


def crossing(rising: Curve, inside: float, step: float) -> float | None:
    """Return where a function that is negative at `inside` first reaches zero in one direction.

    Args:
        rising: the function.
        inside: where it is below zero.
        step: the first step and its direction; it doubles until the function is above zero.

    Returns:
        The crossing, or nothing where the function stays below zero however far one goes.
    """
    last = inside
    for _ in range(_DOUBLINGS):
        further = last + step
        if not isfinite(further):
            return None
        if rising(further) >= 0:
            return between(rising, last, further)
        last, step = further, step * 2
    return None


def between(curve: Curve, below: float, above: float) -> float:
    """Return the root between two arguments where the function has different signs."""
    if curve(below) == 0:
        return below
    found = optimize.root_scalar(
        curve, bracket=(below, above), method="brentq", xtol=_EXACT, rtol=_EXACT
    )
    return float(found.root)
