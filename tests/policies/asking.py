"""Asks a rule about a resource through the very proxies that the engine's host uses."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi_policy import (
    PolicyCustomTimeouts,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    StackValidationArgs,
)
from pulumi_policy.proxy import UNKNOWN_STRING_VALUE, unknown_checking_proxy

from policies.engine.resource import Facts, Graph, Resource
from policies.engine.rule import GraphRule, ResourceRule
from policies.engine.settings import Settings
from policies.engine.verdict import Outcome, Verdict
from tests.policies.proxies import snapshot

UNKNOWN = UNKNOWN_STRING_VALUE
OPTIONS = PolicyResourceOptions(
    protect=False,
    ignore_changes=[],
    delete_before_replace=None,
    aliases=[],
    custom_timeouts=PolicyCustomTimeouts(0, 0, 0),
    additional_secret_outputs=[],
)


def token(kind: str, version: str = "") -> str:
    module, name = kind.split(":")
    return f"azure-native:{module}/{version}:{name}" if version else f"azure-native:{module}:{name}"


def urn(type_token: str, name: str, stack: str = "prod") -> str:
    return f"urn:pulumi:{stack}::project::{type_token}::{name}"


def arguments(
    type_token: str,
    props: Mapping[str, object],
    *,
    stack: str = "prod",
    tags: Mapping[str, str] | None = None,
) -> ResourceValidationArgs:
    return ResourceValidationArgs(
        type_token,
        unknown_checking_proxy(dict(props)),
        urn(type_token, "it", stack),
        "it",
        OPTIONS,
        None,
        None,
        tags or {},
    )


def resource_of(args: ResourceValidationArgs, settings: Settings) -> Resource:
    """What the engine asks about, as rules see it."""
    facts = Facts(args.resource_type, args.name, args.urn, args.opts.protect, args.stack_tags)
    return Resource(facts, snapshot(args.props), settings)


def graph_of(args: StackValidationArgs, settings: Settings) -> Graph:
    """All resources of a stack with the edges between them."""
    graph = Graph(settings)
    for one in args.resources:
        facts = Facts(one.resource_type, one.name, one.urn, one.opts.protect, args.stack_tags)
        needs = {
            name: [source.urn for source in sources]
            for name, sources in one.property_dependencies.items()
        }
        direct = [source.urn for source in one.dependencies]
        graph.add(facts, snapshot(one.props), {**needs, "": direct})
    return graph


def ask(
    rule: ResourceRule,
    props: Mapping[str, object],
    *,
    type_token: str = "",
    stack: str = "prod",
    **config: object,
) -> Verdict:
    """What `rule` says, with its evidence."""
    args = arguments(type_token or token(rule.types[0]), props, stack=stack)
    return rule(resource_of(args, rule.settings(config)))


def evaluate(rule: ResourceRule, props: Mapping[str, object], **more: str) -> Outcome:
    return ask(rule, props, **more).outcome


@dataclass
class Stack:
    """A stack as the engine shows it to a stack policy."""

    resources: list[PolicyResource] = field(default_factory=list)

    def add(
        self, kind: str, name: str, props: Mapping[str, object], **made_from: PolicyResource
    ) -> PolicyResource:
        sources = list(made_from.values())
        resource = PolicyResource(
            token(kind),
            unknown_checking_proxy(dict(props)),
            urn(token(kind), name),
            name,
            OPTIONS,
            None,
            None,
            sources,
            {key: [source] for key, source in made_from.items()},
        )
        self.resources.append(resource)
        return resource

    def ask(self, rule: GraphRule) -> dict[str, Outcome]:
        """Verdicts by the resource's name."""
        graph = graph_of(StackValidationArgs(self.resources, {}, {}), rule.settings())
        return {node.facts.name: rule(node).outcome for node in graph.of(*rule.types)}
