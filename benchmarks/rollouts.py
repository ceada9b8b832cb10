"""Simulated rollouts: our guardrails beside Flagger's and Argo Rollouts' published rules.

`python -m benchmarks.rollouts` measures this alone and writes its section into results.md. The
rules are read from the documentation of both tools; no line of theirs runs here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.report import Report, Result
from ml.release import guardrails
from ml.release.evidence import Served
from ml.release.policy import Errors, Guardrails, Latency, Rates

TITLE = "Simulated rollouts: who rolls back what"
RUNS = 2_000
LIMIT = 0.01  # of the requests may fail
HEALTHY, BAD = 0.008, (0.02, 0.05, 0.20)
RATE = Rates().guardrails
# What the published defaults give for a healthy version: the simulation must find it again.
KNOWN = {"Flagger without its halt": 0.273, "Argo 60": 0.61, "Argo 600": 0.94, "Argo 6000": 0.86}
LUCK = 0.035  # three standard errors of 2,000 runs
GUARD = Guardrails(errors=Errors(at_most=LIMIT), latency=Latency(at_most_ms=250))
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Ended:
    """How a rollout ended: when it was sent back, and after how many requests."""

    back: bool
    requests: int


# Takes a source of failures and ends: `failed(n)` draws how many of n requests fail.
Rule = Callable[[Callable[[int], int]], Ended]


def flagger(*, halts: bool) -> Rule:
    """Follow `threshold: 10, stepWeight: 2, maxWeight: 50`, a minute a check, 600 requests each.

    A failed check is counted, and the weight stays where it is for another minute. Published
    figures leave that halt out; without it a version gets 25 checks, whatever they say.
    """

    def rule(failed: Callable[[int], int]) -> Ended:
        requests = checks = 0
        weight = 2
        while weight <= 50:
            asked = 600 * weight // 100
            requests += asked
            bad = failed(asked) / asked > LIMIT
            checks += bad
            if checks >= 10:
                return Ended(back=True, requests=requests)
            if not (bad and halts):
                weight += 2
        return Ended(back=False, requests=requests)

    return rule


def argo(a_minute: int) -> Rule:
    """Follow `failureLimit: 0, count: 10` at a weight of 20: one failed measurement aborts."""

    def rule(failed: Callable[[int], int]) -> Ended:
        asked = a_minute // 5
        for check in range(1, 11):
            if failed(asked) / asked > LIMIT:
                return Ended(back=True, requests=check * asked)
        return Ended(back=False, requests=10 * asked)

    return rule


def ours(steps: Sequence[int]) -> Rule:
    """Ask our guardrails after every minute, all requests so far together."""

    def rule(failed: Callable[[int], int]) -> Ended:
        requests = errors = 0
        for asked in steps:
            requests += asked
            errors += failed(asked)
            if errors / requests > LIMIT:  # below the limit there is no evidence above it
                served = Served(requests=requests, errors=errors)
                if guardrails.judge(GUARD, None, served, RATE).broken:
                    return Ended(back=True, requests=requests)
        return Ended(back=False, requests=requests)

    return rule


def simulated(rule: Rule, rate: float) -> tuple[float, float | None]:
    """Return the share of rollouts sent back, and the median of requests that took."""
    draw = np.random.default_rng(20130101)
    ended = [rule(lambda count: int(draw.binomial(count, rate))) for _ in range(RUNS)]
    back = [one.requests for one in ended if one.back]
    return len(back) / RUNS, float(np.median(back)) if back else None


FLAGGER_STEPS = [600 * weight // 100 for weight in range(2, 51, 2)]
PAIRS: tuple[tuple[str, str, Rule, Rule], ...] = (
    (
        "Flagger without its halt",
        "2 to 50 % of 600 a minute, 25 checks",
        flagger(halts=False),
        ours(FLAGGER_STEPS),
    ),
    ("Flagger", "the same, with its halts", flagger(halts=True), ours(FLAGGER_STEPS)),
    *(
        (f"Argo {rate}", f"20 % of {rate} a minute, 10 checks", argo(rate), ours([rate // 5] * 10))
        for rate in (60, 600, 6000)
    ),
)


def rollouts(report: Report) -> None:
    """Simulate a healthy and three bad versions under each rule, with the same traffic."""
    columns = ["rule", "traffic", f"{HEALTHY:.1%} fail: sent back wrongly"]
    columns += [f"{rate:.0%} fail: sent back, after requests" for rate in BAD]
    said = (
        f"A version whose requests fail independently, with a limit of {LIMIT:.0%}; {RUNS:,} runs "
        "each. Ours asks after every minute whether all requests so far break the guardrail, with "
        f"a chance of {RATE:.0%} that a version within its limits is ever sent back. Requests are "
        "those to the new version, the median of the runs that were sent back. Ours does not go "
        f"ahead either with so little: a stage cannot end well before {GUARD.min_requests} "
        "requests, and the verdict on quality takes a week at least."
    )
    lines = [
        said,
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
    ]
    wrong: dict[str, tuple[float, float]] = {}
    for name, traffic, theirs, mine in PAIRS:
        found = [simulated(rule, HEALTHY)[0] for rule in (theirs, mine)]
        wrong[name] = found[0], found[1]
        for who, rule, share in ((name, theirs, found[0]), ("ours", mine, found[1])):
            if (who, name) == ("ours", "Flagger"):
                continue  # the same traffic as in the row before
            cells = [who.rstrip("0123456789 "), traffic, f"{share:.1%}"]
            cells += [_decided(*simulated(rule, rate)) for rate in BAD]
            lines.append(f"| {' | '.join(cells)} |")
    report.section(TITLE, lines)
    again = all(abs(wrong[name][0] - known) <= LUCK for name, known in KNOWN.items())
    most = max(mine for _, mine in wrong.values())
    report.add(
        Result(
            what="healthy version sent back wrongly in simulated rollouts, worst of four traffics",
            measured=f"{most:.1%}",
            beside="Flagger's rule {:.0%} (without its halt {:.0%}), Argo's {:.0%}, {:.0%} and "
            "{:.0%}".format(wrong["Flagger"][0], *(wrong[name][0] for name in KNOWN)),
            budget=f"at most {RATE:.0%}; theirs as published",
            kept=most <= RATE + 3 * (RATE / RUNS) ** 0.5 and again,
        )
    )


def _decided(share: float, requests: float | None) -> str:
    return f"{share:.1%}" if requests is None else f"{share:.1%}, {requests:,.0f}"


if __name__ == "__main__":
    collected = Report()
    rollouts(collected)
    collected.merge()
