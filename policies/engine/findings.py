"""What a rule found on a resource, how hard it counts there, and the words for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from policies.engine.levels import Level
from policies.engine.resource import Resource
from policies.engine.rule import Rule
from policies.engine.verdict import UNDECIDED, Verdict


@dataclass(frozen=True)
class Finding:
    """A verdict that is neither pass nor not-applicable."""

    rule: Rule
    resource: Resource
    verdict: Verdict

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
        return Level(said) if said else self.rule.unknown[environment]

    def message(self, *, own_name: bool = True, sources: Iterable[Resource] = ()) -> str:
        """Name the resource, each property with what was found and wanted, and the fix.

        `own_name` says that the engine prints the rule's name and title beside the message.
        """
        facts = self.resource.facts
        head = f"{facts.name} ({facts.kind.name})"
        if not own_name:
            head = f"[{self.rule.id}, {self.rule.severity}] {self.rule.title}\n{head}"
        said = "; ".join(dict.fromkeys(map(str, self.verdict.evidence)))
        lines = [f"{head}: {said or 'breaks the rule'}."]
        after = ", ".join(
            dict.fromkeys(f"{source.facts.name} ({source.kind.name})" for source in sources)
        )
        if after:
            lines.append(f"It comes from {after}.")
        if self.undecided:
            lines.append("The rule is asked again before the resource is created or changed.")
        return "\n".join([*lines, f"Fix: {self.rule.fix}", f"More: {self.rule.url}"])
