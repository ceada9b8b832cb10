"""What the pack tells the engine of itself: one description a rule, with who else asks the same."""

from collections.abc import Iterable, Mapping

from google.protobuf import json_format
from pulumi.runtime import proto

from policies.engine.levels import Level, Severity, environment_of
from policies.engine.requirements import twins
from policies.engine.rule import GraphRule, Rule
from policies.engine.settings import COMMON

WAIVERS = "waivers"
LEVELS: Mapping[Level, proto.EnforcementLevel.ValueType] = {
    Level.DISABLED: proto.DISABLED,
    Level.ADVISORY: proto.ADVISORY,
    Level.MANDATORY: proto.MANDATORY,
}
SEVERITIES: Mapping[Severity, proto.PolicySeverity.ValueType] = {
    Severity.CRITICAL: proto.POLICY_SEVERITY_CRITICAL,
    Severity.HIGH: proto.POLICY_SEVERITY_HIGH,
    Severity.MEDIUM: proto.POLICY_SEVERITY_MEDIUM,
    Severity.LOW: proto.POLICY_SEVERITY_LOW,
}


def declared(rule: Rule, stack: str, tags: Mapping[str, str]) -> Level:
    """A rule's level in a stack, as long as no configuration says otherwise."""
    return rule.level(environment_of(stack, tags))


def describe(
    name: str, version: str, rules: Iterable[Rule], stack: str, tags: Mapping[str, str]
) -> proto.AnalyzerInfo:
    """The whole pack."""
    return proto.AnalyzerInfo(
        name=name,
        displayName="Machine learning on Azure",
        version=version,
        provider="azure-native",
        supportsConfig=True,
        policies=[*(_rule(rule, declared(rule, stack, tags)) for rule in rules), _waivers()],
    )


def _rule(rule: Rule, level: Level) -> proto.PolicyInfo:
    others = twins(rule)
    info = proto.PolicyInfo(
        name=rule.id,
        displayName=rule.title,
        description=rule.title,
        enforcementLevel=LEVELS[level],
        policy_type=(
            proto.PolicyType.POLICY_TYPE_STACK
            if isinstance(rule, GraphRule)
            else proto.PolicyType.POLICY_TYPE_RESOURCE
        ),
        severity=SEVERITIES[rule.severity],
        tags=[*rule.requirements, *(f"{who}: {one}" for who, ids in others.items() for one in ids)],
        remediation_steps=rule.fix,
        url=rule.url,
    )
    info.framework.name = "Microsoft cloud security benchmark"
    info.framework.version = "v1"
    info.framework.reference = ", ".join(others.get("MCSB", ()))
    info.framework.specification = "; ".join(rule.requirements)
    parameters = {**COMMON, **rule.parameters}
    schema = {name: parameter.as_json_schema() for name, parameter in parameters.items()}
    json_format.ParseDict(schema, info.configSchema.properties)
    return info


def _waivers() -> proto.PolicyInfo:
    return proto.PolicyInfo(
        name=WAIVERS,
        displayName="Waivers are complete, in date and of use",
        description="Waivers are complete, in date and of use",
        enforcementLevel=proto.MANDATORY,
        policy_type=proto.PolicyType.POLICY_TYPE_STACK,
        severity=proto.POLICY_SEVERITY_HIGH,
    )
