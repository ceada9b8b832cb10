"""Holm's step-down: several tests at once with one error rate for all of them."""

from collections.abc import Mapping


def adjusted(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values that may each be held against the rate of the whole family.

    Args:
        p_values: the p-value of each test; always-valid ones stay always valid.

    Returns:
        The adjusted p-values under the same names.
    """
    wrong = {name: p for name, p in p_values.items() if not 0 <= p <= 1}
    if wrong:
        raise ValueError(f"p-values are from 0 to 1, found {wrong}")
    found: dict[str, float] = {}
    highest = 0.0
    ordered = sorted(p_values, key=lambda name: (p_values[name], name))
    for place, name in enumerate(ordered):
        highest = max(highest, min(1.0, (len(ordered) - place) * p_values[name]))
        found[name] = highest
    return {name: found[name] for name in p_values}


def rejected(p_values: Mapping[str, float], rate: float) -> tuple[str, ...]:
    """Return the tests that are significant where at most `rate` of families may err at all."""
    return tuple(name for name, p in adjusted(p_values).items() if p <= rate)
