"""Time-ordered folds: each is tested on periods later than everything that it trains on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml.errors import TaskError


@dataclass(frozen=True)
class Fold:
    """The periods of one fold; both parts are in time order."""

    train: tuple[str, ...]
    test: tuple[str, ...]


def folds(
    periods: Iterable[str],
    count: int,
    *,
    ahead: int = 1,
    gap: int = 0,
    window: int | None = None,
) -> tuple[Fold, ...]:
    """Return `count` folds, earliest first, that walk forward to the end of the periods.

    Each is tested on `ahead` periods and trains on what was before, but for the `gap` periods whose
    labels would not have been known yet; `window` keeps only so many of the latest. The periods are
    those of the training examples: the hold-out is in no fold.
    """
    known = sorted(set(periods))
    for name, given, lowest in (
        ("count", count, 1),
        ("ahead", ahead, 1),
        ("gap", gap, 0),
        ("window", 1 if window is None else window, 1),
    ):
        if given < lowest:
            raise TaskError(f"folds: {name} is {given}; give {lowest} or more")
    least = 1 if window is None else window
    wanted = count * ahead + gap + least
    if len(known) < wanted:
        raise TaskError(
            f"{count} fold(s) of {ahead} period(s) ahead, a gap of {gap} and at least {least} to "
            f"train on need {wanted} periods; there are {len(known)} "
            f"({', '.join(known) or 'none'}). Give more training periods or fewer folds"
        )
    made: list[Fold] = []
    for number in range(count):
        start = len(known) - (count - number) * ahead
        end = start - gap
        first = 0 if window is None else end - window
        made.append(Fold(tuple(known[first:end]), tuple(known[start : start + ahead])))
    guard(made)
    return tuple(made)


def guard(given: Sequence[Fold]) -> None:
    """Refuse folds that would let training see what comes after it, however they were made."""
    problems: list[str] = []
    for number, fold in enumerate(given, start=1):
        if not fold.train or not fold.test:
            problems.append(f"  fold {number}: it has nothing to train on or nothing to test on")
        elif max(fold.train) >= min(fold.test):
            problems.append(
                f"  fold {number}: it trains on {max(fold.train)}, which is not before "
                f"{min(fold.test)}, where its test starts"
            )
    if problems:
        raise TaskError("these folds look ahead:\n" + "\n".join(problems))
