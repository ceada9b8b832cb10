"""What sweeps try: the distributions, and how values are drawn from them."""

import math
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.runner import search
from emulator.runner.durations import PlanError


def drawn(space: dict, count: int = 200, **algorithm) -> list[dict[str, str]]:
    found = search.read(space, {"type": "random", "seed": 1} | algorithm)
    return [dict(one) for one in islice(found.samples(), count)]


@pytest.mark.parametrize(
    ("given", "low", "high"),
    [
        (["uniform", [0.25, 0.5]], 0.25, 0.5),
        ({"type": "uniform", "min_value": -2, "max_value": -1}, -2, -1),
        (["loguniform", [-6, -1]], math.exp(-6), math.exp(-1)),
        (["quniform", [1, 10, 3]], 0, 12),
        (["qloguniform", [0, 3, 5]], 0, 25),
        (["randint", [7]], 0, 6),
        (["choice", [[3, 5]]], 3, 5),
    ],
)
def test_values_stay_within_their_distribution(given, low, high):
    values = [float(one["x"]) for one in drawn({"x": given})]
    assert all(low <= value <= high for value in values)
    assert len(set(values)) > 1


@pytest.mark.parametrize(
    ("given", "step"), [(["quniform", [1, 100, 5]], 5), (["qnormal", [50, 20, 2]], 2)]
)
def test_quantized_values_are_whole_steps_without_a_point(given, step):
    values = [one["x"] for one in drawn({"x": given})]
    assert all(int(value) % step == 0 for value in values)


def test_a_normal_has_its_mean_and_a_lognormal_its_logarithms():
    normal = [float(one["x"]) for one in drawn({"x": ["normal", [10, 2]]}, 2000)]
    assert abs(sum(normal) / 2000 - 10) < 0.2
    logs = [math.log(float(one["x"])) for one in drawn({"x": ["lognormal", [1, 0.5]]}, 2000)]
    assert abs(sum(logs) / 2000 - 1) < 0.05


@given(st.integers(0, 2**31))
def test_the_same_seed_gives_the_same_trials(seed):
    space = {"a": ["uniform", [0, 1]], "b": ["choice", [["x", "y"]]]}
    assert drawn(space, 5, seed=seed) == drawn(space, 5, seed=seed)


def test_a_grid_has_every_combination_once():
    space = {"a": ["choice", [[1, 2]]], "b": {"type": "choice", "values": ["x", "y", "z"]}}
    found = [tuple(one.values()) for one in search.read(space, "grid").samples()]
    assert sorted(found) == [(a, b) for a in "12" for b in "xyz"]


@pytest.mark.parametrize(
    ("space", "algorithm", "message"),
    [
        ({}, "random", "no search_space"),
        ({"a": ["uniform", [0, 1]]}, "bayesian", "'bayesian' is not run here"),
        ({"a": ["uniform", [0, 1]]}, "grid", "grid sampling takes choices only; a is no choice"),
        ({"a": ["uniform", [0, 1]]}, {"type": "random", "rule": "sobol"}, "rule 'sobol'"),
        ({"a": ["uniform", [1, 0]]}, "random", "min_value 1 is above"),
        ({"a": ["uniform", [1]]}, "random", "wants min_value, max_value"),
        ({"a": ["quniform", [0, 1, 0]]}, "random", "q is 0"),
        ({"a": ["triangle", [0, 1]]}, "random", "known are choice"),
        ({"a": ["choice", [[]]]}, "random", "one value or more"),
        ({"a": ["choice", [[{"b": 1}]]]}, "random", "choices among spaces"),
    ],
)
def test_what_cannot_be_tried_is_refused_by_name(space, algorithm, message):
    with pytest.raises(PlanError, match=message):
        search.read(space, algorithm)
