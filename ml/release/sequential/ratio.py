"""Sample-ratio mismatch: do the groups get the shares of traffic that were asked for?"""

from collections.abc import Sequence
from math import fsum, log

from scipy import special

# How firmly the prior holds the asked shares: as if so many had been assigned before.
PRIOR = 100.0


def log_odds(counts: Sequence[int], shares: Sequence[float], *, prior: float = PRIOR) -> float:
    """Return the log odds that the shares are not the asked ones (Lindon and Malek 2022).

    The odds exceed 1/alpha at any time with a chance of at most alpha where the shares hold.

    Args:
        counts: how many went to each group so far.
        shares: the share that each group should get, adding up to 1.
        prior: the weight of the Dirichlet prior around the asked shares.
    """
    if len(counts) != len(shares) or len(counts) < 2:
        raise ValueError(f"{len(counts)} counts for {len(shares)} shares; give two or more of each")
    if min(counts) < 0 or min(shares) <= 0 or abs(fsum(shares) - 1) > 1e-9 or prior <= 0:
        raise ValueError(
            f"counts {list(counts)}, shares {list(shares)}, prior {prior}: counts are 0 or more, "
            "shares above 0 and add up to 1, the prior is above 0"
        )
    before = [prior * share for share in shares]
    after = [weight + count for weight, count in zip(before, counts, strict=True)]
    expected = fsum(count * log(share) for count, share in zip(counts, shares, strict=True))
    return _log_beta(after) - _log_beta(before) - expected


def _log_beta(weights: Sequence[float]) -> float:
    return fsum(map(special.gammaln, weights)) - float(special.gammaln(fsum(weights)))
