"""Learns what a rule looks at, so that a fuzz meets its branches and not only its doors."""

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field

import pytest
from pulumi_policy import proxy

from policies.engine.props import Props
from policies.engine.resource import Facts, Graph, Node, Resource
from policies.engine.rule import Rule
from policies.engine.verdict import Verdict
from policies.rules.targets import TARGETS
from tests.policies.asking import token, urn
from tests.policies.proxies import snapshot

UNKNOWNS = [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")]
PLAIN = [
    None, True, False, 0, 3, -1, 10**400, float("nan"), "", "x", "*", "/", "22", "1-70000",
    "Disabled", "Enabled", "Internet", "VirtualNetwork", "0.0.0.0/0", "10.0.0.0/8",
    "P9D", "1.12:00:00", "1.30",
    [], {}, ["x"], [None], [{}], {"x": "y"}, {"x": {}}, *UNKNOWNS,
]  # fmt: skip
_ROUNDS = 60


@dataclass
class Known:
    """What a rule has been seen to look at."""

    paths: dict[str, dict[str, None]] = field(default_factory=dict)
    """By kind of resource; in the order of being seen."""
    words: dict[str, None] = field(default_factory=dict)
    """Values that the rule compares with."""
    wanted: dict[str, list[object]] = field(default_factory=dict)
    """What it compares with at a path."""

    def size(self) -> int:
        return len(self.words) + sum(map(len, self.paths.values()))


@contextmanager
def watching(known: Known) -> Iterator[None]:
    """Note each question that is put to properties and graphs."""
    get = Props.__getitem__
    inside: dict[int, str] = {}

    def noted(self: Props, path: str) -> Props:
        found = get(self, path)
        of = self.facts.kind.name if isinstance(self, Resource) else inside.get(id(self.value))
        if of:
            inside.update(dict.fromkeys(map(id, _nested(found.value)), of))
            known.paths.setdefault(of, {})[plain(found.path)] = None
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Props, "__getitem__", noted)
        patch.setattr(Resource, "__getitem__", lambda self, path: noted(self, self._named(path)))
        for question in ("must_equal", "must_not_equal"):
            patch.setattr(Props, question, _compared(known, getattr(Props, question)))
        for view, question in ((Graph, "urns"), (Node, "used_by")):
            patch.setattr(view, question, _listed(known, getattr(view, question)))
        yield


def _compared(known: Known, ask: Callable) -> Callable:
    def compared(self: Props, *words: object, **more: object) -> Verdict:
        known.words.update({str(one): None for one in words})
        here = known.wanted.setdefault(plain(self.path), [])
        here.extend(one for one in words if one not in here)
        return ask(self, *words, **more)

    return compared


def _listed(known: Known, ask: Callable) -> Callable:
    def listed(self: Graph | Node, *kinds: str) -> list:
        for kind in kinds:
            known.paths.setdefault(kind, {})
        return ask(self, *kinds)

    return listed


def plain(path: str) -> str:
    """A path without the numbers of items."""
    return re.sub(r"\[\d+\]", "[]", path)


def _nested(value: object) -> Iterator[object]:
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from _nested(one)


def tree_of(values: Mapping[str, object]) -> dict:
    """A property tree with a value at each path; `a[].b` is in each of a list's two items."""
    tree: dict = {}
    for path, value in sorted(values.items(), key=lambda one: one[0].count(".")):
        _set(tree, path, value)
    return tree


def _set(tree: dict, path: str, value: object) -> None:
    head, found, rest = path.partition("[]")
    at, parents = tree, head.split(".")
    for parent in parents[:-1]:
        if not isinstance(at.get(parent), dict):
            at[parent] = {}
        at = at[parent]
    last = parents[-1]
    if not found:
        at[last] = deepcopy(value)  # what is put into it later must not be in other trees
        return
    if not isinstance(at.get(last), list) or not at[last]:
        at[last] = [{}, {}]
    for item in at[last]:
        if isinstance(item, dict) and rest.startswith("."):
            _set(item, rest[1:], value)
    if not rest:
        at[last] = [deepcopy(value), *at[last][1:]]


def learned(rule: Rule, kind: str) -> Known:
    """Ask a rule over and over about what it has asked for before."""
    known = Known({kind: {}})
    chance = random.Random(f"{rule.id} {kind}")  # noqa: S311 - the same trees each time
    with watching(known):
        for _ in range(_ROUNDS):
            size = known.size()
            values = choices(known, kind)
            obedient = chance.random() < 0.5
            drawn = {
                name: {
                    path: chance.choice(known.wanted.get(path, values) if obedient else values)
                    for path in paths
                    if chance.random() < 0.9
                }
                for name, paths in known.paths.items()
            }
            edges = chance.random() < 0.5
            asked(rule, kind, drawn, edges=edges)
            if known.size() == size and chance.random() < 0.02:
                break
    return known


def choices(known: Known, kind: str) -> list:
    """What may stand at a path."""
    target = TARGETS.get(kind)
    ids = [f"/subscriptions/s/resourceGroups/g/providers/{target.arm_type}/it"] if target else []
    lists = [[word] for word in list(known.words)[:6]]
    return [*PLAIN, *known.words, *known.words, *lists, *ids, "it", "it"]


def asked(
    rule: Rule, kind: str, drawn: Mapping[str, Mapping[str, object]], *, edges: bool
) -> Verdict:
    """What a rule says of a resource among others, read through the SDK's proxies."""
    # Rules that say nothing as long as nobody names a place or a model.
    named = {name: ["x"] for name, one in rule.parameters.items() if one.default == []}
    settings = rule.settings(named)
    graph = Graph(settings)
    urns = {name: urn(token(name), "it") for name in (kind, *drawn)}
    for name, values in drawn.items():
        tree = tree_of(values)
        needs = {key: [other for other in urns.values() if other != urns[name]] for key in tree}
        read = snapshot(proxy.unknown_checking_proxy(tree))
        graph.add(Facts(token(name), "it", urns[name]), read, needs if edges else {})
    if kind not in drawn:
        graph.add(Facts(token(kind), "it", urns[kind]), {}, {})
    node = graph.under(settings).node(urns[kind])
    return rule.check(node)
