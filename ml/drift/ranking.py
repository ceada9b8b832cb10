"""The order of findings: what wakes somebody first, then drift by what it probably costs."""

from collections.abc import Iterable, Mapping

from ml.drift.findings import Finding, Level, Signal

GRAVITY = {level: place for place, level in enumerate(Level)}


def ordered(findings: Iterable[Finding], importance: Mapping[str, float]) -> list[Finding]:
    """Return the findings with importance and impact, the gravest first."""
    weighed = [_weighed(found, importance) for found in findings]
    return sorted(weighed, key=_key)


def _weighed(found: Finding, importance: Mapping[str, float]) -> Finding:
    """Give drift of a feature its impact: distance, weight in the model and estimated loss.

    A column that the model hardly uses, or that moves to where the model errs less, has none.
    """
    if found.signal is not Signal.DRIFT or found.effect is None:
        return found
    total = sum(max(value, 0.0) for value in importance.values())
    share = max(importance.get(found.subject, 0.0), 0.0) / total if total > 0 else 1.0
    distance = found.distances.get("js_distance_bits", 0.0)
    loss = max(found.estimated_loss or 0.0, 0.0)
    return found.model_copy(
        update={"importance": share if total > 0 else None, "impact": share * distance * loss}
    )


def _key(found: Finding) -> tuple[int, float, float, str]:
    weight = (found.importance or 0.0) * found.distances.get("js_distance_bits", 0.0)
    return (GRAVITY[found.level], -(found.impact or 0.0), -weight, found.name)
