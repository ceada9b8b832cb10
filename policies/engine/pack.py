"""The rules as an analyzer that the Pulumi engine asks: each resource is read once for all rules.

The SDK's own server decodes a resource anew for each policy, and gives a policy one level for all
its findings; ours follows the resource's environment and tells an unknown under its rule's name.
"""
# ruff: noqa: N802, ARG002 - gRPC gives the methods their names and what they take

import threading
from collections.abc import Iterable, Sequence

from google.protobuf import empty_pb2, json_format
from pulumi.runtime import proto

from policies.engine.described import LEVELS, SEVERITIES, WAIVERS, declared, describe
from policies.engine.findings import Finding, found
from policies.engine.resource import Facts, Graph, Node, Resource
from policies.engine.rule import GraphRule, ResourceRule, Rule
from policies.engine.tokens import is_ours, kind_of
from policies.engine.values import Value
from policies.engine.verdict import PASS, UNDECIDED
from policies.engine.waivers import Problem, Waivers
from policies.engine.wire import decode, put

NAME = "azure-mlops"


class Pack(proto.AnalyzerServicer):
    """Answers the engine's questions; gRPC calls it from several threads at once."""

    def __init__(
        self, rules: Sequence[Rule], version: str, stack: str, waivers: Waivers | None = None
    ) -> None:
        self._given = tuple(rules)
        self._version = version
        self._stack = stack
        self._tags: dict[str, str] = {}
        self._waivers = waivers or Waivers()
        self._levels: dict[str, proto.EnforcementLevel.ValueType] = {}
        self._take("")
        self._undecided: dict[str, dict[str, Finding]] = {}
        self._inputs: dict[str, dict[str, Value]] = {}
        self._lock = threading.Lock()

    def _take(self, project: str) -> None:
        """Take the rules up as they hold in a project."""
        self._rules = tuple(rule.in_project(project) for rule in self._given)
        self._settings = {rule.id: rule.settings() for rule in self._rules}
        self._by_kind: dict[str, list[ResourceRule]] = {}
        for rule in self._rules:
            if isinstance(rule, ResourceRule):
                for kind in rule.types:
                    self._by_kind.setdefault(kind.casefold(), []).append(rule)

    # What the engine asks at the start.

    def GetPluginInfo(self, request: empty_pb2.Empty, context: object) -> proto.PluginInfo:
        return proto.PluginInfo(version=self._version)

    def ConfigureStack(
        self, request: proto.AnalyzerStackConfigureRequest, context: object
    ) -> proto.AnalyzerStackConfigureResponse:
        self._stack = request.stack or self._stack
        self._tags = dict(request.tags)
        # Before the pack describes itself: the engine sends each default back as if it were said.
        self._take(request.project)
        return proto.AnalyzerStackConfigureResponse()

    def GetAnalyzerInfo(self, request: empty_pb2.Empty, context: object) -> proto.AnalyzerInfo:
        return describe(NAME, self._version, self._rules, self._stack, self._tags)

    def Configure(
        self, request: proto.ConfigureAnalyzerRequest, context: object
    ) -> empty_pb2.Empty:
        said = {name: one.enforcementLevel for name, one in request.policyConfig.items()}
        # The engine repeats the levels that it was told; only other ones are somebody's wish.
        told = {rule.id: LEVELS[declared(rule, self._stack, self._tags)] for rule in self._rules}
        told[WAIVERS] = proto.MANDATORY
        self._levels = {name: level for name, level in said.items() if level != told.get(name)}
        for rule in self._rules:
            if rule.id in request.policyConfig:
                values = json_format.MessageToDict(request.policyConfig[rule.id].properties)
                self._settings[rule.id] = rule.settings(values)
        return empty_pb2.Empty()

    # What it asks of each resource before it is made, and of all of them.

    def Analyze(self, request: proto.AnalyzeRequest, context: object) -> proto.AnalyzeResponse:
        response = proto.AnalyzeResponse()
        if not is_ours(request.type):
            return response
        facts, value = self._facts(request), decode(request.properties)
        with self._lock:
            self._inputs[facts.urn] = value
        for rule in self._asked(request.type):
            resource = Resource(facts, value, self._settings[rule.id])
            verdict = rule.check(resource)
            if verdict.outcome is UNDECIDED:
                self._defer(Finding(rule, resource, verdict))
                continue
            self._settle(facts.urn, rule.id)
            if finding := found(rule, resource, verdict, self._waivers):
                self._tell(response, finding)
        return response

    def Remediate(self, request: proto.AnalyzeRequest, context: object) -> proto.RemediateResponse:
        response = proto.RemediateResponse()
        facts = self._facts(request)
        for rule in self._asked(request.type):
            if self._levels.get(rule.id) != proto.REMEDIATE or not rule.mend:
                continue
            # Later rules see what earlier ones have mended.
            resource = Resource(facts, decode(request.properties), self._settings[rule.id])
            finding = found(rule, resource, rule.check(resource), self._waivers)
            if finding is None or finding.undecided or finding.waiver:
                continue
            changes = rule.mend(resource)
            if not changes:
                continue
            for path, value in changes.items():
                put(request.properties, path, value)
            response.remediations.add(
                policyName=rule.id,
                policyPackName=NAME,
                policyPackVersion=self._version,
                description=rule.title,
                properties=request.properties,
            )
        return response

    def AnalyzeStack(
        self, request: proto.AnalyzeStackRequest, context: object
    ) -> proto.AnalyzeResponse:
        response = proto.AnalyzeResponse()
        graph = Graph()
        for resource in request.resources:
            by_property = {
                name: list(sources.urns) for name, sources in resource.propertyDependencies.items()
            }
            needs = {**by_property, "": list(resource.dependencies)}
            # The engine shows outputs here. Those lack what is part of a resource's path (a zone's
            # name, a plan's, whose setting it is) and are unknown at preview where nothing was
            # given, so that the service's default could not count.
            value = self._inputs.get(resource.urn)
            value = decode(resource.properties) if value is None else value
            graph.add(self._facts(resource), value, needs)
        for rule in self._rules:
            if isinstance(rule, GraphRule) and not self._disabled(rule):
                seen = graph.under(self._settings[rule.id])
                for node in seen.of(*rule.types):
                    if finding := found(rule, node, rule.check(node), self._waivers):
                        self._tell(response, finding)
        self._tell_undecided(response, graph)
        problems = [*self._waivers.problems, *self._waivers.unused([self._stack])]
        if self._levels.get(WAIVERS) != proto.DISABLED:
            for problem in problems:
                self._complain(response, problem)
        return response

    def _tell_undecided(self, response: proto.AnalyzeResponse, graph: Graph) -> None:
        with self._lock:
            waiting = [one for found in self._undecided.values() for one in found.values()]
        for finding in waiting:
            node = graph.get(finding.resource.facts.urn)
            if node is None or _passes(finding.rule, node):
                continue
            told = found(finding.rule, finding.resource, finding.verdict, self._waivers)
            if told:
                paths = [evidence.path for evidence in finding.verdict.evidence]
                sources = [source for path in paths for source in node.sources(path)]
                self._tell(response, told, sources)

    def _asked(self, type_token: str) -> list[ResourceRule]:
        rules = self._by_kind.get(kind_of(type_token).name.casefold(), [])
        return [rule for rule in rules if not self._disabled(rule)]

    def _disabled(self, rule: Rule) -> bool:
        return self._levels.get(rule.id) == proto.DISABLED

    def _facts(self, request: proto.AnalyzeRequest | proto.AnalyzerResource) -> Facts:
        return Facts(
            type=request.type,
            name=request.name,
            urn=request.urn,
            protected=request.options.protect,
            stack_tags=self._tags,
        )

    def _defer(self, finding: Finding) -> None:
        """Keep an undecided finding until the whole stack is known."""
        with self._lock:
            of_resource = self._undecided.setdefault(finding.resource.facts.urn, {})
            of_resource[finding.rule.id] = finding

    def _settle(self, urn: str, rule_id: str) -> None:
        """Forget what was undecided: the rule has an answer now."""
        if urn in self._undecided:
            with self._lock:
                self._undecided.get(urn, {}).pop(rule_id, None)

    def _level(self, finding: Finding) -> proto.EnforcementLevel.ValueType:
        wished = self._levels.get(finding.rule.id)
        if finding.waiver or wished == proto.ADVISORY:
            return proto.ADVISORY
        if wished is None or finding.undecided:
            return LEVELS[finding.level]
        # What was to be mended and is not stops like any other violation.
        return proto.MANDATORY

    def _tell(
        self, response: proto.AnalyzeResponse, finding: Finding, sources: Iterable[Node] = ()
    ) -> None:
        rule = finding.rule
        response.diagnostics.add(
            policyName=rule.id,
            policyPackName=NAME,
            policyPackVersion=self._version,
            message=f"{rule.title}\n{finding.message(sources)}",
            urn=finding.resource.facts.urn,
            description=rule.title,
            enforcementLevel=self._level(finding),
            severity=SEVERITIES[rule.severity],
        )

    def _complain(self, response: proto.AnalyzeResponse, problem: Problem) -> None:
        response.diagnostics.add(
            policyName=WAIVERS,
            policyPackName=NAME,
            policyPackVersion=self._version,
            message=f"{problem.place}: {problem.message}",
            description="Waivers are complete, in date and of use",
            enforcementLevel=self._levels.get(WAIVERS, proto.MANDATORY),
            severity=proto.POLICY_SEVERITY_HIGH,
        )


def _passes(rule: Rule, node: Node) -> bool:
    """Whether what an unknown value was made from is enough for the rule."""
    return isinstance(rule, ResourceRule) and bool(
        rule.resolve and rule.resolve(node).outcome is PASS
    )
