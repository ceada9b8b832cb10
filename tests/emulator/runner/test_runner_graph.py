"""The order of a pipeline's steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.runner.graph import GraphError, dependencies, downstream, ready


def node(*reads: str) -> dict:
    return {
        "inputs": {
            f"i{n}": {"value": f"${{{{parent.jobs.{name}.outputs.o}}}}"}
            for n, name in enumerate(reads)
        }
    }


def test_a_step_waits_for_the_steps_it_reads_from():
    needs = dependencies({"a": node(), "b": node("a"), "c": node("a", "b")})
    assert needs == {"a": frozenset(), "b": {"a"}, "c": {"a", "b"}}
    assert ready(needs, set(), set()) == ["a"]
    assert ready(needs, {"a"}, {"a"}) == ["b"]
    assert downstream(needs, "a") == {"b", "c"}


def test_a_binding_to_a_step_that_is_not_there_is_named():
    with pytest.raises(GraphError, match=r"step 'b': input 'i0' reads from step 'x'"):
        dependencies({"b": node("x")})


def test_a_circle_is_refused_with_its_steps():
    with pytest.raises(GraphError, match="a, b wait for each other"):
        dependencies({"a": node("b"), "b": node("a"), "c": node()})


@given(st.dictionaries(st.integers(0, 8), st.sets(st.integers(0, 8)), min_size=1))
def test_every_graph_without_circles_runs_to_its_end(raw):
    edges = {n: {m for m in reads if m < n and m in raw} for n, reads in raw.items()}
    needs = dependencies({f"s{n}": node(*(f"s{m}" for m in r)) for n, r in edges.items()})
    done: set[str] = set()
    while len(done) < len(needs):
        step = ready(needs, done, done)
        assert step
        done |= set(step)
