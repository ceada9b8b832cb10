"""The algebra of verdicts is Kleene's: unknown is between fail and pass, and nothing is lost."""

from hypothesis import given
from hypothesis import strategies as st

from policies.engine.verdict import (
    FAIL,
    NOT_APPLICABLE,
    PASS,
    UNDECIDED,
    Evidence,
    Verdict,
    all_of,
    any_of,
    not_applicable,
    only_if,
)

ORDER = [FAIL, UNDECIDED, PASS]
MISSING = Evidence("list", "without one", "one")


@st.composite
def some_verdict(draw):
    outcome = draw(st.sampled_from(ORDER))
    paths = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=2))
    evidence = tuple(Evidence(path, "x", "y") for path in paths)
    return Verdict(outcome, () if outcome is PASS else evidence)


verdicts = some_verdict()


@given(verdicts, verdicts)
def test_and_is_the_lower_and_or_the_higher(one, two):
    ranks = [ORDER.index(one.outcome), ORDER.index(two.outcome)]
    assert (one & two).outcome is ORDER[min(ranks)]
    assert (one | two).outcome is ORDER[max(ranks)]


@given(verdicts, verdicts, verdicts)
def test_and_and_or_are_associative_commutative_and_distribute(one, two, three):
    assert ((one & two) & three).outcome is (one & (two & three)).outcome
    assert ((one | two) | three).outcome is (one | (two | three)).outcome
    assert (one & two).outcome is (two & one).outcome
    assert (one | two).outcome is (two | one).outcome
    assert (one & (two | three)).outcome is ((one & two) | (one & three)).outcome
    assert (one | (one & two)).outcome is one.outcome


@given(verdicts, verdicts)
def test_the_evidence_is_that_of_the_verdicts_that_decided(one, two):
    for joined in (one & two, one | two):
        deciding = [each for each in (one, two) if each.outcome is joined.outcome]
        assert joined.evidence == tuple(e for each in deciding for e in each.evidence)


@given(verdicts)
def test_what_does_not_apply_changes_nothing(verdict):
    nothing = not_applicable("another type")
    assert (verdict & nothing).outcome is verdict.outcome
    assert (nothing | verdict).outcome is verdict.outcome
    assert (nothing & nothing).outcome is NOT_APPLICABLE


@given(st.lists(verdicts))
def test_all_and_any_fold_a_list(some):
    outcomes = [ORDER.index(verdict.outcome) for verdict in some]
    assert all_of(some).outcome is ORDER[min(outcomes, default=2)]
    assert any_of(some, MISSING).outcome is ORDER[max(outcomes, default=0)]
    if not some:
        assert any_of(some, MISSING).evidence == (MISSING,)


@given(verdicts, verdicts)
def test_a_condition_that_is_unknown_makes_a_failure_unknown(condition, verdict):
    outcome = only_if(condition, lambda: verdict, "other").outcome
    if condition.outcome is FAIL:
        assert outcome is NOT_APPLICABLE
    elif condition.outcome is PASS:
        assert outcome is verdict.outcome
    else:
        assert outcome is (UNDECIDED if verdict.outcome is FAIL else verdict.outcome)


@given(verdicts, verdicts)
def test_knowing_more_never_turns_a_decision_around(one, two):
    """What is decided with an unknown in it holds for whatever the unknown turns out to be."""
    unknown = Verdict(UNDECIDED, (MISSING,))
    for join in (Verdict.__and__, Verdict.__or__):
        before = join(one, unknown).outcome
        if before is not UNDECIDED:
            assert join(one, two).outcome is before
