"""How a rule is declared: what it asks, of which types, how hard, and how to mend a violation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self, TypeVar

from policies.engine.levels import (
    BY_SEVERITY,
    UNKNOWN_BY_SEVERITY,
    Environment,
    Level,
    Levels,
    Severity,
)
from policies.engine.resource import Node, Resource
from policies.engine.settings import Default, Parameter, Settings
from policies.engine.tokens import kind_of
from policies.engine.values import Value
from policies.engine.verdict import Verdict, not_applicable

Mend = Callable[[Resource], Mapping[str, Value]]
"""What to set, by dotted path, so that a resource obeys; asked only where the rule fails."""
_Subject = TypeVar("_Subject", bound=Resource)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What all rules have; a rule is a `ResourceRule` or a `GraphRule`."""

    id: str
    title: str
    """One sentence that says what holds where the rule is obeyed."""
    why: str
    severity: Severity
    requirements: tuple[str, ...]
    types: tuple[str, ...]
    fix: str
    """One line in Pulumi terms."""
    url: str
    levels: Levels
    unknown: Levels
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    twins: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Rules of others that are not already named by the requirements."""
    projects: Mapping[str, Mapping[str, Default]] = field(default_factory=dict)
    """Other defaults of the parameters in some projects, which the settings file names."""

    def in_project(self, project: str) -> Self:
        """The rule with the defaults that hold in a project."""
        said = self.projects.get(project)
        if not said:
            return self
        changed = {name: replace(self.parameters[name], default=one) for name, one in said.items()}
        return replace(self, parameters={**self.parameters, **changed})

    def concerns(self, type_token: str) -> bool:
        return kind_of(type_token).is_one_of(self.types)

    def settings(self, configured: Mapping[str, object] | None = None) -> Settings:
        return Settings(self.id, self.parameters, configured or {})

    def level(self, environment: Environment) -> Level:
        return self.levels[environment]


@dataclass(frozen=True, kw_only=True)
class ResourceRule(Rule):
    """A rule that one resource's inputs decide, so that it can stop the resource's creation."""

    check: Callable[[Resource], Verdict]
    resolve: Callable[[Node], Verdict] | None = None
    """Asked about a value that is unknown at preview: what it was made from may be enough."""
    mend: Mend | None = None
    """For the level `remediate`; only what neither replaces a resource nor cuts off its users."""

    def __call__(self, resource: Resource) -> Verdict:
        if not self.concerns(resource.facts.type):
            return not_applicable("another type")
        return self.check(resource)


@dataclass(frozen=True, kw_only=True)
class GraphRule(Rule):
    """A rule that needs several resources; it is asked once per resource of its types."""

    check: Callable[[Node], Verdict]

    def __call__(self, node: Node) -> Verdict:
        if not self.concerns(node.facts.type):
            return not_applicable("another type")
        return self.check(node)


def rule(
    rule_id: str,
    *,
    types: Sequence[str],
    severity: Severity,
    requirements: Sequence[str],
    title: str,
    fix: str,
    url: str,
    levels: Levels | None = None,
    unknown: Levels | None = None,
    parameters: Mapping[str, Parameter] | None = None,
    twins: Mapping[str, Sequence[str]] | None = None,
    resolve: Callable[[Node], Verdict] | None = None,
    mend: Mend | None = None,
) -> Callable[[Callable[[Resource], Verdict]], ResourceRule]:
    """Make a rule of a function from a resource to a verdict; its docstring says why."""

    def declare(check: Callable[[Resource], Verdict]) -> ResourceRule:
        return ResourceRule(
            id=rule_id,
            title=title,
            why=_why(check),
            severity=severity,
            requirements=tuple(requirements),
            types=tuple(types),
            fix=fix,
            url=url,
            levels=levels or BY_SEVERITY[severity],
            unknown=unknown or UNKNOWN_BY_SEVERITY[severity],
            parameters=parameters or {},
            twins=twins or {},
            check=check,
            resolve=resolve,
            mend=mend,
        )

    return declare


def graph_rule(
    rule_id: str,
    *,
    types: Sequence[str],
    severity: Severity,
    requirements: Sequence[str],
    title: str,
    fix: str,
    url: str,
    levels: Levels | None = None,
    unknown: Levels | None = None,
    parameters: Mapping[str, Parameter] | None = None,
    twins: Mapping[str, Sequence[str]] | None = None,
) -> Callable[[Callable[[Node], Verdict]], GraphRule]:
    """Make a rule of a function from a node of the stack's graph to a verdict."""

    def declare(check: Callable[[Node], Verdict]) -> GraphRule:
        return GraphRule(
            id=rule_id,
            title=title,
            why=_why(check),
            severity=severity,
            requirements=tuple(requirements),
            types=tuple(types),
            fix=fix,
            url=url,
            levels=levels or BY_SEVERITY[severity],
            unknown=unknown or UNKNOWN_BY_SEVERITY[severity],
            parameters=parameters or {},
            twins=twins or {},
            check=check,
        )

    return declare


def _why(check: Callable[[_Subject], Verdict]) -> str:
    return " ".join((check.__doc__ or "").split())
