"""Errors, latency and the split of traffic: they can send a release back and never forward.

They look at requests, not days: requests that fail together make a false alarm likelier than the
stated rate, and all that a false alarm costs is a rollback.
"""

from dataclasses import dataclass

import numpy as np

from ml.release.evidence import Assigned, Served
from ml.release.policy import Guardrails
from ml.release.sequential import holm, quantiles, rates, ratio

Number = float | int | str | None


@dataclass(frozen=True)
class Guarded:
    """What the guardrails say: which are broken, and whether there is enough to say so."""

    broken: tuple[str, ...]
    enough: bool
    reason: str
    numbers: dict[str, Number]


def judge(
    guardrails: Guardrails, champion: Served | None, challenger: Served, rate: float
) -> Guarded:
    """Hold the challenger's requests against limits and against the champion's.

    Args:
        guardrails: the limits.
        champion: the champion's requests at the same time; nothing when it serves none any more.
        challenger: the challenger's requests.
        rate: the chance that any guardrail is wrongly called broken.
    """
    p_values = {
        "errors": _above(challenger.errors, challenger.requests, guardrails.errors.at_most,
                         guardrails),
        "latency": _above(challenger.slow, challenger.requests, 1 - guardrails.latency.quantile,
                          guardrails),
    }  # fmt: skip
    missing = []
    if guardrails.errors.rise is not None and champion is not None:
        p_values["errors_rise"] = rates.p_value_of_rise(
            (champion.errors, champion.requests),
            (challenger.errors, challenger.requests),
            guardrails.errors.rise,
            guardrails.expected_requests,
        )
    if guardrails.latency.rise is not None and champion is not None:
        if champion.latency_ms and challenger.latency_ms:
            p_values["latency_rise"] = _slower(guardrails, champion, challenger)
        else:
            missing.append("no latencies to compare with the champion's")
    if challenger.requests < guardrails.min_requests:
        missing.append(
            f"{challenger.requests} requests to the challenger of {guardrails.min_requests} needed"
        )
    held = holm.adjusted(p_values)
    broken = tuple(name for name, p in held.items() if p <= rate)
    return Guarded(broken, not missing, _words(broken, missing, guardrails, challenger), {
        "requests": challenger.requests,
        "errors": challenger.errors,
        "slow": challenger.slow,
        "champion_requests": champion.requests if champion else None,
        "champion_errors": champion.errors if champion else None,
        **{f"p_{name}": p for name, p in held.items()},
    })  # fmt: skip


def log_odds_of_wrong_ratio(assigned: Assigned, share: int) -> float:
    """Return the log odds that the challenger does not get its share in percent."""
    wanted = share / 100
    return ratio.log_odds((assigned.champion, assigned.challenger), (1 - wanted, wanted))


def _above(found: int, requests: int, limit: float, guardrails: Guardrails) -> float:
    return rates.p_value_above(found, requests, limit, guardrails.expected_requests)


def _slower(guardrails: Guardrails, champion: Served, challenger: Served) -> float:
    """Return the p-value of the hypothesis that the challenger is not slower than allowed."""
    latency = guardrails.latency
    allowed = np.asarray(champion.latency_ms) * (1 + (latency.rise or 0.0))
    if not quantiles.is_above(allowed, challenger.latency_ms, latency.quantile):
        return 1.0
    return quantiles.p_value(
        allowed, challenger.latency_ms, latency.quantile, guardrails.expected_requests
    )


def _words(
    broken: tuple[str, ...], missing: list[str], guardrails: Guardrails, challenger: Served
) -> str:
    requests = max(challenger.requests, 1)
    said = {
        "errors": f"{challenger.errors / requests:.2%} of requests fail, "
        f"at most {guardrails.errors.at_most:.2%} may",
        "latency": f"{challenger.slow / requests:.2%} of requests take more than "
        f"{guardrails.latency.at_most_ms:g} ms, at most {1 - guardrails.latency.quantile:.2%} may",
        "errors_rise": f"{challenger.errors / requests:.2%} of requests fail, more than "
        f"{guardrails.errors.rise or 0:.2%} above the champion's",
        "latency_rise": f"the {guardrails.latency.quantile:.0%} quantile of the latency is more "
        f"than {guardrails.latency.rise or 0:.0%} above the champion's",
    }
    parts = [said[name] for name in broken] or ["guardrails hold"]
    return "; ".join([*parts, *missing])
