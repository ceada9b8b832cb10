"""Turns rules into the policies of a Pulumi policy pack."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    PolicyResource,
    ReportViolation,
    ResourceValidation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidation,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy import Severity as PulumiSeverity

from policies.engine.desk import Desk
from policies.engine.findings import Finding
from policies.engine.levels import Level, Severity, environment_of
from policies.engine.requirements import twins
from policies.engine.resource import Facts, Graph, Node, Resource
from policies.engine.rule import GraphRule, ResourceRule, Rule
from policies.engine.settings import COMMON, Settings
from policies.engine.values import snapshot
from policies.engine.verdict import FAIL, PASS, UNDECIDED, Verdict

# What carries findings whose level is not the one that their rule was started with.
STRICTER, MILDER = "stricter-here", "milder-here"
STOPPED, NOTED = "unknown-and-critical", "unknown-at-preview"


class _Texts(TypedDict):
    name: str
    description: str
    display_name: str
    remediation_steps: str
    url: str


def to_policies(rules: Sequence[Rule], stack: str) -> list[Policy]:
    """Return a policy for each rule, with the levels of `stack`, and those that carry the rest."""
    desk = Desk()
    environment = environment_of(stack)
    own = [_policy(rule, rule.level(environment), desk) for rule in rules]
    return [
        *own,
        ResourceValidationPolicy(
            name=STRICTER,
            description="A rule counts more in this environment than the stack's name says",
            validate=_held(desk, Level.MANDATORY),
            enforcement_level=EnforcementLevel.MANDATORY,
        ),
        ResourceValidationPolicy(
            name=MILDER,
            description="A rule counts less in this environment than the stack's name says",
            validate=_held(desk, Level.ADVISORY),
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
        StackValidationPolicy(
            name=STOPPED,
            description="A critical rule cannot be decided before the deployment",
            validate=_deferred(desk, Level.MANDATORY),
            enforcement_level=EnforcementLevel.MANDATORY,
            severity=PulumiSeverity.CRITICAL,
        ),
        StackValidationPolicy(
            name=NOTED,
            description="A rule cannot be decided before the deployment",
            validate=_deferred(desk, Level.ADVISORY),
            enforcement_level=EnforcementLevel.ADVISORY,
        ),
    ]


def resource_of(args: ResourceValidationArgs, settings: Settings) -> Resource:
    """What the engine asks about, as rules see it."""
    return Resource(
        Facts(
            type=args.resource_type,
            name=args.name,
            urn=args.urn,
            protected=args.opts.protect,
            stack_tags=args.stack_tags,
        ),
        snapshot(args.props),
        settings,
    )


def graph_of(args: StackValidationArgs, settings: Settings) -> Graph:
    """All resources of a stack with the edges between them."""
    graph = Graph()
    for resource in args.resources:
        facts = Facts(
            type=resource.resource_type,
            name=resource.name,
            urn=resource.urn,
            protected=resource.opts.protect,
            stack_tags=args.stack_tags,
        )
        graph.add(facts, snapshot(resource.props), settings, _needs(resource))
    return graph


def _needs(resource: PolicyResource) -> dict[str, list[str]]:
    by_property = {
        name: [source.urn for source in sources]
        for name, sources in resource.property_dependencies.items()
    }
    return {**by_property, "": [source.urn for source in resource.dependencies]}


def _policy(rule: Rule, level: Level, desk: Desk) -> Policy:
    properties = {
        name: parameter.as_json_schema()
        for name, parameter in {**COMMON, **rule.parameters}.items()
    }
    others = twins(rule)
    shared: _Texts = {
        "name": rule.id,
        "description": rule.title,
        "display_name": rule.title,
        "remediation_steps": rule.fix,
        "url": rule.url,
    }
    tags = [*rule.requirements, *(f"{name}: {one}" for name, ids in others.items() for one in ids)]
    enforcement_level = EnforcementLevel(level.value)
    severity = _SEVERITIES[rule.severity]
    framework = PolicyComplianceFramework(
        name="Microsoft cloud security benchmark",
        version="v1",
        reference=", ".join(others.get("MCSB", ())),
        specification="; ".join(rule.requirements),
    )
    if isinstance(rule, ResourceRule):
        return ResourceValidationPolicy(
            **shared,
            validate=_resource_validation(rule, level, desk),
            enforcement_level=enforcement_level,
            config_schema=PolicyConfigSchema(properties),
            severity=severity,
            framework=framework,
            tags=tags,
        )
    if isinstance(rule, GraphRule):
        return StackValidationPolicy(
            **shared,
            validate=_graph_validation(rule),
            enforcement_level=enforcement_level,
            config_schema=PolicyConfigSchema(properties),
            severity=severity,
            framework=framework,
            tags=tags,
        )
    raise TypeError(f"{rule.id} is a {type(rule).__name__}; want a ResourceRule or a GraphRule")


def _resource_validation(rule: ResourceRule, declared: Level, desk: Desk) -> ResourceValidation:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if not rule.concerns(args.resource_type):
            return
        resource = resource_of(args, rule.settings(args.get_config()))
        finding = Finding(rule, resource, rule.check(resource))
        if finding.verdict.outcome not in {FAIL, UNDECIDED}:
            desk.settle(args.urn, rule.id)
        elif finding.undecided:
            desk.defer(finding)
        else:
            desk.settle(args.urn, rule.id)
            if finding.level is declared:
                report(finding.message(), args.urn)
            else:
                desk.hold(finding)

    return validate


def _graph_validation(rule: GraphRule) -> StackValidation:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        graph = graph_of(args, rule.settings(args.get_config()))
        for node in graph.of(*rule.types):
            finding = Finding(rule, node, rule.check(node))
            decided = finding.verdict.outcome in {FAIL, UNDECIDED}
            if decided and finding.level is not Level.DISABLED:
                report(finding.message(), node.facts.urn)

    return validate


def _held(desk: Desk, level: Level) -> ResourceValidation:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        for finding in desk.take(args.urn, level):
            report(finding.message(own_name=False), args.urn)

    return validate


def _deferred(desk: Desk, level: Level) -> StackValidation:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        findings = desk.undecided(level)
        if not findings:
            return
        graph = graph_of(args, Settings(""))
        for finding in findings:
            node = graph.get(finding.resource.facts.urn)
            if node is None or _resolved(finding, node).outcome is PASS:
                continue
            paths = [evidence.path for evidence in finding.verdict.evidence]
            sources = [source for path in paths for source in node.sources(path)]
            report(finding.message(own_name=False, sources=sources), node.facts.urn)

    return validate


def _resolved(finding: Finding, node: Node) -> Verdict:
    rule = finding.rule
    if isinstance(rule, ResourceRule) and rule.resolve:
        return rule.resolve(node)
    return finding.verdict


_SEVERITIES: Mapping[Severity, PulumiSeverity] = {
    severity: PulumiSeverity(severity.value) for severity in Severity
}
