"""Findings that a rule's own Pulumi policy cannot report, kept for the policies that can.

A Pulumi policy has one level, fixed when the pack starts; a finding's level depends on the stack's
tags, on the pack's configuration and on whether the value is known. What does not fit waits here.
"""

import threading

from policies.engine.findings import Finding
from policies.engine.levels import Level


class Desk:
    """Two trays: findings of the resource at hand, and undecided ones of the whole stack."""

    def __init__(self) -> None:
        # The engine asks about several resources at once, each with all policies in one thread.
        self._hand = threading.local()
        self._lock = threading.Lock()
        self._undecided: dict[str, dict[str, Finding]] = {}

    def hold(self, finding: Finding) -> None:
        """Keep a finding for the policy of its level, asked last about the same resource."""
        urn = finding.resource.facts.urn
        if getattr(self._hand, "urn", None) != urn:
            self._hand.urn, self._hand.findings = urn, []
        self._hand.findings.append(finding)

    def take(self, urn: str, level: Level) -> list[Finding]:
        """Give out the findings of a resource at one level."""
        if getattr(self._hand, "urn", None) != urn:
            return []
        held: list[Finding] = self._hand.findings
        self._hand.findings = [finding for finding in held if finding.level is not level]
        return [finding for finding in held if finding.level is level]

    def defer(self, finding: Finding) -> None:
        """Keep an undecided finding until the whole stack is known."""
        with self._lock:
            of_resource = self._undecided.setdefault(finding.resource.facts.urn, {})
            of_resource[finding.rule.id] = finding

    def settle(self, urn: str, rule_id: str) -> None:
        """Forget what was undecided: the rule has an answer now."""
        with self._lock:
            if urn in self._undecided:
                self._undecided[urn].pop(rule_id, None)

    def undecided(self, level: Level) -> list[Finding]:
        """What is still undecided at one level."""
        with self._lock:
            found = [one for findings in self._undecided.values() for one in findings.values()]
        return [finding for finding in found if finding.level is level]
