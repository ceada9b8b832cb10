"""McNemar's exact test: of the cases on which two models differ, who is right how often?"""

from scipy import special


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided exact p-value; look at it once, it is not always valid.

    Args:
        only_first: cases that the first model alone got right.
        only_second: cases that the second model alone got right.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts are 0 or more, found {only_first} and {only_second}")
    fewer, both = min(only_first, only_second), only_first + only_second
    return min(1.0, 2 * float(special.bdtr(fewer, both, 0.5)))
