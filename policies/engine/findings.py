"""What a rule found on a resource, how hard it counts there, and the words for it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from policies.engine.levels import Level
from policies.engine.resource import Resource
from policies.engine.rule import Rule
from policies.engine.settings import WORDS
from policies.engine.verdict import FAIL, UNDECIDED, Verdict
from policies.engine.waivers import Waiver, Waivers


@dataclass(frozen=True)
class Finding:
    """A verdict that is neither pass nor not-applicable."""

    rule: Rule
    resource: Resource
    verdict: Verdict
    waiver: Waiver | None = None

    @property
    def undecided(self) -> bool:
        return self.verdict.outcome is UNDECIDED

    @property
    def level(self) -> Level:
        """How hard it counts in the resource's environment."""
        environment = self.resource.environment
        level = self.rule.level(environment)
        if not self.undecided or level is Level.DISABLED:
            return level
        said = self.resource.settings.text("unknown")
        return WORDS[said] if said else self.rule.unknown[environment]

    @property
    def evidence(self) -> str:
        """Each property with what was found and wanted."""
        said = "; ".join(dict.fromkeys(map(str, self.verdict.evidence)))
        return said or "breaks the rule"

    def message(self, sources: Iterable[Resource] = ()) -> str:
        """Name the resource, each property with what was found and wanted, and the fix."""
        facts = self.resource.facts
        lines = [f"{facts.name} ({facts.kind.name}): {self.evidence}."]
        after = ", ".join(
            dict.fromkeys(f"{source.facts.name} ({source.kind.name})" for source in sources)
        )
        if after:
            lines.append(f"It comes from {after}.")
        if self.waiver:
            return "\n".join([*lines, str(self.waiver)])
        if self.undecided:
            lines.append("The rule is asked again before the resource is created or changed.")
        return "\n".join([*lines, f"Fix: {self.rule.fix}", f"More: {self.rule.url}"])


def found(rule: Rule, resource: Resource, verdict: Verdict, waivers: Waivers) -> Finding | None:
    """What is to be told of a verdict: nothing where the rule is obeyed or does not count."""
    if verdict.outcome not in {FAIL, UNDECIDED}:
        return None
    finding = Finding(rule, resource, verdict)
    if finding.level is Level.DISABLED:
        return None
    waiver = waivers.for_finding(rule, resource.facts)
    return replace(finding, waiver=waiver) if waiver else finding
