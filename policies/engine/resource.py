"""What a rule is asked about: a resource, alone or as a node of the stack's graph."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

from policies.engine.levels import Environment, environment_of, stack_of
from policies.engine.props import Props
from policies.engine.settings import Settings
from policies.engine.tokens import Kind, kind_of
from policies.engine.values import Value

_Built = TypeVar("_Built")


@dataclass(frozen=True)
class Facts:
    """What is known of a resource beside its properties."""

    type: str
    name: str
    urn: str
    protected: bool = False
    stack_tags: Mapping[str, str] | None = None

    @property
    def kind(self) -> Kind:
        return kind_of(self.type)


class Resource(Props):
    """A resource's inputs, with what a rule may want to know beside them."""

    __slots__ = ("facts", "settings")

    def __init__(self, facts: Facts, value: Value, settings: Settings) -> None:
        super().__init__(value)
        self.facts = facts
        self.settings = settings

    def __getitem__(self, path: str) -> Props:
        return super().__getitem__(self._named(path))

    def _named(self, path: str) -> str:
        """The path under the name that this API version has for it.

        Earlier releases of the provider call the properties of some types by the type's own name:
        `onlineEndpointProperties`, `datastoreProperties`.
        """
        first, dot, rest = path.partition(".")
        if first != "properties" or not isinstance(self.value, dict) or first in self.value:
            return path
        name = self.facts.kind.name.rpartition(":")[2]
        alias = f"{name[:1].lower()}{name[1:]}Properties"
        return f"{alias}{dot}{rest}" if alias in self.value else path

    @property
    def kind(self) -> Kind:
        return self.facts.kind

    @property
    def environment(self) -> Environment:
        facts = self.facts
        return environment_of(
            stack_of(facts.urn), facts.stack_tags, self.settings.text("environment")
        )


class Node(Resource):
    """A resource of a whole stack, at preview with ids that are not known yet."""

    __slots__ = ("graph", "needs")

    def __init__(
        self,
        facts: Facts,
        value: Value,
        settings: Settings,
        needs: Mapping[str, tuple[str, ...]],
        graph: "Graph",
    ) -> None:
        super().__init__(facts, value, settings)
        self.needs = needs
        """URNs that each top-level property was made from; under "" those of the resource."""
        self.graph = graph

    def sources(self, path: str) -> "list[Node]":
        """The resources that the property at `path` was made from."""
        first = self._named(path).split(".", maxsplit=1)[0]
        urns = self.needs.get(first.split("[", maxsplit=1)[0], ())
        return [found for urn in urns if (found := self.graph.get(urn)) is not None]

    def used_by(self, *kinds: str) -> "list[Node]":
        """Resources of these kinds that were made from this one."""
        users = self.graph.users_of(self.facts.urn)
        return [user for user in users if user.kind.is_one_of(kinds)]


class Graph:
    """All resources of a stack by URN and by kind, with edges in both directions.

    A graph is seen with one rule's settings; views share the resources, which are kept once.
    """

    def __init__(self, settings: Settings | None = None, kept: "_Kept | None" = None) -> None:
        self._settings = settings or Settings("")
        self._kept = kept or _Kept()
        self._nodes: dict[str, Node] = {}
        self._cache: dict[object, object] = {}

    def add(self, facts: Facts, value: Value, needs: Mapping[str, Iterable[str]]) -> None:
        """Take a resource in, with the URNs that each of its properties was made from."""
        kept, edges = self._kept, {name: tuple(urns) for name, urns in needs.items()}
        kept.resources[facts.urn] = (facts, value, edges)
        kept.kinds.setdefault(facts.kind.name.casefold(), []).append(facts.urn)
        for urn in {urn for urns in edges.values() for urn in urns}:
            kept.users.setdefault(urn, []).append(facts.urn)

    def under(self, settings: Settings) -> "Graph":
        """The same resources as a rule with these settings sees them."""
        return Graph(settings, self._kept)

    def get(self, urn: str) -> Node | None:
        return self.node(urn) if urn in self._kept.resources else None

    def node(self, urn: str) -> Node:
        """The resource with this URN, which there is."""
        node = self._nodes.get(urn)
        if node is None:
            facts, value, edges = self._kept.resources[urn]
            node = self._nodes[urn] = Node(facts, value, self._settings, edges, self)
        return node

    def urns(self, *kinds: str) -> list[str]:
        return [urn for kind in kinds for urn in self._kept.kinds.get(kind.casefold(), ())]

    def users_of(self, urn: str) -> list[Node]:
        return self._all(self._kept.users.get(urn, ()))

    def of(self, *kinds: str) -> list[Node]:
        return [self.node(urn) for urn in self.urns(*kinds)]

    def cached(self, build: "Callable[[Graph], _Built]") -> "_Built":
        """What `build` makes of the whole graph, made once: rules stay linear in its size."""
        if build not in self._cache:
            self._cache[build] = build(self)
        return cast("_Built", self._cache[build])

    def _all(self, urns: Iterable[str]) -> list[Node]:
        return [node for urn in urns if (node := self.get(urn)) is not None]


@dataclass(frozen=True)
class _Kept:
    """What the views of one graph share."""

    resources: dict[str, tuple[Facts, Value, dict[str, tuple[str, ...]]]] = field(
        default_factory=dict
    )
    users: dict[str, list[str]] = field(default_factory=dict)
    kinds: dict[str, list[str]] = field(default_factory=dict)
