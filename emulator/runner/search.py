"""What a sweep tries: search spaces, and how values are drawn from them."""

import itertools
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulator.runner.durations import PlanError

Sample = Mapping[str, str]
_Draw = Callable[[random.Random], float]
# The names of a distribution's numbers, in the order in which jobs list them.
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    "uniform": ("min_value", "max_value"),
    "loguniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "lognormal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "qlognormal": ("mu", "sigma", "q"),
    "randint": ("upper",),
}
_KINDS = ("choice", *_NUMBERS)
_ALGORITHMS = ("random", "grid")


@dataclass(frozen=True)
class Distribution:
    """The values that one parameter may have."""

    kind: str
    values: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()

    def draw(self, source: random.Random) -> str:
        """One value, as the text that goes into the command."""
        if self.kind == "choice":
            return source.choice(self.values)
        if self.kind == "randint":
            return str(source.randrange(int(self.numbers[0])))
        base = self.kind.removeprefix("q")
        first, second = self.numbers[:2]
        drawn = source.gauss(first, second) if "normal" in base else source.uniform(first, second)
        value = math.exp(drawn) if base.startswith("log") else drawn
        if self.kind.startswith("q"):
            step = self.numbers[2]
            value = round(value / step) * step
        return repr(int(value)) if self.kind.startswith("q") and _whole(value) else repr(value)


@dataclass(frozen=True)
class Search:
    """A search space and the way through it."""

    space: Mapping[str, Distribution]
    algorithm: str
    seed: int | None

    def samples(self) -> Iterator[Sample]:
        """What each trial is given: without end, or all there is of a grid."""
        if self.algorithm == "grid":
            names = list(self.space)
            for values in itertools.product(*(self.space[name].values for name in names)):
                yield dict(zip(names, values, strict=True))
            return
        source = random.Random(self.seed)  # noqa: S311  parameters of models, no secrets
        while True:
            yield {name: found.draw(source) for name, found in self.space.items()}


def read(space: object, algorithm: object) -> Search:
    """A search, from what a job of its own or a pipeline's node says.

    Raises:
        PlanError: something in it cannot be run.
    """
    if not isinstance(space, Mapping) or not space:
        msg = "the sweep has no search_space; give each parameter that it tries a distribution"
        raise PlanError(msg)
    given = {"type": algorithm} if isinstance(algorithm, str) else algorithm
    given = given if isinstance(given, Mapping) else {}
    kind = str(given.get("samplingAlgorithmType") or given.get("type") or "").lower()
    if kind not in _ALGORITHMS:
        msg = f"sampling algorithm {kind!r} is not run here; give one of {', '.join(_ALGORITHMS)}"
        raise PlanError(msg)
    rule, base = str(given.get("rule") or "random").lower(), given.get("logbase")
    if rule != "random" or base is not None:
        msg = f"random sampling with the rule {rule!r} and logbase {base!r} is not run here"
        raise PlanError(msg)
    found = {str(name): _distribution(str(name), one) for name, one in space.items()}
    if kind == "grid":
        others = [name for name, one in found.items() if one.kind != "choice"]
        if others:
            msg = f"grid sampling takes choices only; {', '.join(others)} is no choice"
            raise PlanError(msg)
    seed = given.get("seed")
    return Search(found, kind, None if seed is None else int(seed))


def _distribution(name: str, given: object) -> Distribution:
    """A distribution, written as `[kind, [numbers]]` or as `{"type": kind, ...}`."""
    if isinstance(given, Mapping):
        kind = str(given.get("type")).lower()
        words = ("values",) if kind == "choice" else _NUMBERS.get(kind, ())
        parts: Sequence[object] = [given.get(word) for word in words]
    elif isinstance(given, Sequence) and len(given) == 2 and isinstance(given[1], Sequence):
        kind, parts = str(given[0]).lower(), given[1]
    else:
        kind, parts = str(given), []
    if kind not in _KINDS:
        msg = f"parameter {name!r} has the distribution {kind!r}; known are {', '.join(_KINDS)}"
        raise PlanError(msg)
    return _choice(name, parts) if kind == "choice" else _numeric(name, kind, parts)


def _choice(name: str, parts: Sequence[object]) -> Distribution:
    values = parts[0] if len(parts) == 1 else None
    if not isinstance(values, list | tuple) or not values:
        msg = f"parameter {name!r}: a choice is among one value or more, found {values!r}"
        raise PlanError(msg)
    if any(isinstance(one, Mapping | list | tuple) for one in values):
        msg = f"parameter {name!r}: choices among spaces are not run here, found {values!r}"
        raise PlanError(msg)
    return Distribution("choice", tuple(str(one) for one in values))


def _numeric(name: str, kind: str, parts: Sequence[object]) -> Distribution:
    words = _NUMBERS[kind]
    numbers = tuple(
        float(one) for one in parts if isinstance(one, int | float) and not isinstance(one, bool)
    )
    if len(numbers) != len(words):
        msg = f"parameter {name!r}: {kind} wants {', '.join(words)}, found {list(parts)}"
        raise PlanError(msg)
    if words[0] == "min_value" and numbers[0] > numbers[1]:
        msg = f"parameter {name!r}: min_value {numbers[0]:g} is above max_value {numbers[1]:g}"
        raise PlanError(msg)
    if words[-1] in ("q", "upper", "sigma") and numbers[-1] <= 0:
        msg = f"parameter {name!r}: {words[-1]} is {numbers[-1]:g}; give more than 0"
        raise PlanError(msg)
    return Distribution(kind, numbers=numbers)


def _whole(value: float) -> bool:
    return abs(value - round(value)) < 1e-9
