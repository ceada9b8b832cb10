"""Asks all rules about all items and keeps every answer, also those of rules that are obeyed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from policies.engine.findings import Finding
from policies.engine.levels import Level, project_of, stack_of
from policies.engine.resource import Graph, Node
from policies.engine.rule import GraphRule, ResourceRule, Rule
from policies.engine.settings import Settings
from policies.engine.verdict import FAIL, PASS, UNDECIDED, Verdict
from policies.engine.waivers import Waiver, Waivers
from policies.scan.items import Item


class Word(StrEnum):
    """What a scan says of a rule and a resource."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"


@dataclass(frozen=True)
class Answer:
    """What one rule says of one resource."""

    rule: Rule
    item: Item
    word: Word
    level: Level
    message: str
    waiver: Waiver | None = None

    @property
    def stops(self) -> bool:
        return self.word in {Word.FAIL, Word.UNKNOWN} and self.level is Level.MANDATORY


@dataclass(frozen=True)
class Configuration:
    """What a pack's configuration file says: parameters and levels by rule."""

    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    levels: Mapping[str, Level] = field(default_factory=dict)
    environment: str = ""

    def settings_of(self, rule: Rule, project: str = "") -> Settings:
        said = {"environment": self.environment} if self.environment else {}
        return rule.in_project(project).settings({**said, **self.settings.get(rule.id, {})})

    def level_of(self, finding: Finding) -> Level:
        said = self.levels.get(finding.rule.id)
        if said is None or (finding.undecided and said is Level.MANDATORY):
            return finding.level
        return said


def judge(
    items: Sequence[Item], rules: Iterable[Rule], configuration: Configuration, waivers: Waivers
) -> Iterator[Answer]:
    """One answer for each rule and each resource of the rule's types."""
    by_urn: dict[str, Item] = {}
    graph = Graph()
    for item in items:
        by_urn[item.facts.urn] = item
        graph.add(item.facts, item.value, item.needs)
    for rule in rules:
        # Files of several projects may be scanned at once.
        views: dict[str, Graph] = {}
        for urn in graph.urns(*rule.types):
            project = project_of(urn)
            if project not in views:
                views[project] = graph.under(configuration.settings_of(rule, project))
            node = views[project].node(urn)
            answer = _answer(rule, node, by_urn[node.facts.urn], configuration, waivers)
            if answer.level is not Level.DISABLED:
                yield answer


def stacks(items: Iterable[Item]) -> set[str]:
    """The stacks that the items belong to."""
    return {stack_of(item.facts.urn) for item in items}


def _answer(
    rule: Rule, node: Node, item: Item, configuration: Configuration, waivers: Waivers
) -> Answer:
    verdict = _verdict(rule, node)
    finding = Finding(rule, node, verdict)
    level = configuration.level_of(finding)
    if verdict.outcome not in {FAIL, UNDECIDED}:
        return Answer(rule, item, Word(verdict.outcome.value), level, verdict.reason)
    message = f"{node.facts.name} ({node.facts.kind.name}): {finding.evidence}."
    if level is not Level.DISABLED and (waiver := waivers.for_finding(rule, node.facts)):
        return Answer(rule, item, Word.WAIVED, level, f"{message} {waiver}", waiver)
    return Answer(rule, item, Word(verdict.outcome.value), level, message)


def _verdict(rule: Rule, node: Node) -> Verdict:
    if isinstance(rule, GraphRule):
        return rule.check(node)
    if not isinstance(rule, ResourceRule):
        raise TypeError(f"{rule.id} is a {type(rule).__name__}; want a resource or a graph rule")
    verdict = rule.check(node)
    # What an unknown value was made from may be enough.
    resolved = rule.resolve(node) if verdict.outcome is UNDECIDED and rule.resolve else verdict
    return resolved if resolved.outcome is PASS else verdict
