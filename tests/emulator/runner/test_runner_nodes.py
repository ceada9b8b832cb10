"""The nodes of a cluster: how many at once, in which order, and what is shown of them."""

import threading

import pytest

from emulator.runner.nodes import Cluster, WaitEndedError


def test_an_idle_node_stays_for_its_time_and_then_goes():
    now = 0.0
    cluster = Cluster(clock=lambda: now)
    with cluster.nodes("run", lambda: 2, lambda: False):
        assert [(n.number, n.state, n.run) for n in cluster.states(0, 120)] == [
            (0, "running", "run")
        ]
    now = 119.0
    assert [n.state for n in cluster.states(0, 120)] == ["idle"]
    now = 121.0
    assert cluster.states(0, 120) == []
    assert [n.state for n in cluster.states(1, 120)] == ["idle"]


def test_whoever_waits_gets_the_node_when_it_is_free():
    cluster, order = Cluster(), []
    release = threading.Event()

    def work(name: str) -> None:
        with cluster.nodes(name, lambda: 1, lambda: False):
            order.append(name)
            release.wait(5)

    first = threading.Thread(target=work, args=("a",))
    first.start()
    while not order:
        pass
    second = threading.Thread(target=work, args=("b",))
    second.start()
    assert order == ["a"]
    release.set()
    first.join(5)
    second.join(5)
    assert order == ["a", "b"]


def test_a_cancelled_run_leaves_the_queue():
    cluster, ended = Cluster(), threading.Event()
    with cluster.nodes("a", lambda: 1, lambda: False):
        ended.set()
        with pytest.raises(WaitEndedError), cluster.nodes("b", lambda: 1, ended.is_set):
            pass
    with cluster.nodes("c", lambda: 1, lambda: False) as numbers:
        assert numbers == [0]


def test_a_run_gets_all_its_nodes_at_once_or_waits():
    cluster, seen = Cluster(), []

    def wide() -> None:
        with cluster.nodes("wide", lambda: 3, lambda: False, 2) as numbers:
            seen.append(numbers)

    with cluster.nodes("a", lambda: 3, lambda: False) as one:
        with cluster.nodes("b", lambda: 3, lambda: False) as other:
            assert (one, other) == ([0], [1])
            thread = threading.Thread(target=wide)
            thread.start()
            thread.join(0.1)
            assert seen == []
        thread.join(5)
    assert seen == [[1, 2]]
    assert [n.state for n in cluster.states(0, 120)] == ["idle"] * 3
