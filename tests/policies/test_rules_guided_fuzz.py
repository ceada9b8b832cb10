"""Each rule on each of its types, with values where it looks: it decides and never raises."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.engine.findings import Finding
from policies.engine.resource import Facts, Resource
from policies.engine.verdict import FAIL, NOT_APPLICABLE, PASS, UNDECIDED
from policies.rules import RULES
from tests.policies.asking import token, urn
from tests.policies.guided import asked, choices, learned

PAIRS = [(rule, kind) for rule in RULES for kind in rule.types]
# What several values have to say together is too rare for chance; tables of cases hold these.
RARE = {
    "network-no-sensitive-ports-from-internet",
    "network-no-web-from-internet",
    "private-endpoint-has-right-zones",
    "private-zone-linked",
    "rbac-few-owners",
    "storage-deleted-containers-kept",
    "subscription-activity-log",
}


@pytest.mark.parametrize(("rule", "kind"), PAIRS, ids=lambda one: getattr(one, "id", one))
def test_a_rule_decides_and_never_raises_where_it_looks(rule, kind):
    known = learned(rule, kind)
    values = choices(known, kind)
    places = [(name, path) for name, paths in known.paths.items() for path in paths]
    seen = set()

    @settings(
        max_examples=40,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        st.lists(st.integers(0, len(values) + 5), min_size=len(places), max_size=len(places)),
        st.booleans(),
        st.booleans(),
    )
    def check(drawn, obedient, edges):
        trees = {name: {} for name in known.paths}
        for (name, path), index in zip(places, drawn, strict=True):
            here = known.wanted.get(path) if obedient else None
            if here:
                trees[name][path] = here[index % len(here)]
            elif index < len(values):
                trees[name][path] = values[index]
        verdict = asked(rule, kind, trees, edges=edges)
        seen.add(verdict.outcome)
        if verdict.outcome in {FAIL, UNDECIDED}:
            assert verdict.evidence
            facts = Facts(token(kind), "it", urn(token(kind), "it"))
            json.dumps(Finding(rule, Resource(facts, {}, rule.settings()), verdict).message())

    check()
    assert seen <= {PASS, FAIL, UNDECIDED, NOT_APPLICABLE}
    assert len(seen) > 1 or rule.id in RARE, seen
