"""The difference between what should be deployed and what is."""

from hypothesis import given
from hypothesis import strategies as st

from ml.deploying import content
from ml.deploying.plan import Change, Item, Kind, Step, changes, difference

COMPONENT = Item(Kind.COMPONENT, "mlops_gate", "c1", "c1")
NEWER = Item(Kind.COMPONENT, "mlops_gate", "c2", "c2")
SCHEDULE = Item(Kind.SCHEDULE, "release-flights", "s1")
MOVED = Item(Kind.SCHEDULE, "release-flights", "s2")
DEPLOYMENT = Item(Kind.DEPLOYMENT, "retrain/train-1", "d1")
ITEMS = st.builds(
    Item, st.sampled_from(list(Kind)), st.sampled_from("abc"), st.sampled_from("xy"),
    st.sampled_from(["", "1"]),
)  # fmt: skip
SETS = st.lists(ITEMS, max_size=12, unique_by=lambda item: item.key)


def test_what_is_missing_is_created_and_what_is_there_is_kept():
    steps = difference([COMPONENT, SCHEDULE], [COMPONENT])
    assert steps == [Step(Change.KEEP, COMPONENT), Step(Change.CREATE, SCHEDULE)]


def test_a_component_that_changed_is_another_version_and_a_schedule_the_same_one():
    steps = difference([NEWER, MOVED], [COMPONENT, SCHEDULE])
    assert steps == [
        Step(Change.CREATE, NEWER), Step(Change.UPDATE, MOVED), Step(Change.PRUNE, COMPONENT),
    ]  # fmt: skip


def test_nothing_is_taken_away_unless_that_is_wished():
    steps = difference([NEWER], [COMPONENT])
    assert [step.change for step in changes(steps, prune=False)] == [Change.CREATE]
    assert [step.change for step in changes(steps, prune=True)] == [Change.CREATE, Change.PRUNE]


def test_things_are_made_before_what_needs_them_and_taken_away_after():
    made = difference([SCHEDULE, DEPLOYMENT, COMPONENT], [])
    assert [step.item for step in made] == [COMPONENT, DEPLOYMENT, SCHEDULE]
    gone = difference([], [COMPONENT, DEPLOYMENT, SCHEDULE])
    assert [step.item for step in gone] == [SCHEDULE, DEPLOYMENT, COMPONENT]


@given(SETS, SETS)
def test_once_carried_out_there_is_nothing_left_to_do(wanted, found):
    there = {item.key: item for item in found}
    for step in changes(difference(wanted, found), prune=True):
        if step.change is Change.PRUNE:
            del there[step.item.key]
        else:
            there[step.item.key] = step.item
    again = difference(wanted, there.values())
    assert changes(again, prune=True) == []
    assert sorted(there.values()) == sorted(wanted)


@given(SETS, SETS)
def test_only_what_is_there_is_ever_taken_away(wanted, found):
    pruned = [s.item for s in difference(wanted, found) if s.change is Change.PRUNE]
    assert set(pruned) <= set(found)
    assert not {item.key for item in pruned} & {item.key for item in wanted}


def test_the_same_files_have_the_same_versions_and_each_component_one():
    versions = content.components()
    assert versions == content.components()
    assert {"gate", "ingest_file", "release_control", "score"} <= set(versions)
    assert all(len(version) == content.LENGTH for version in versions.values())
    assert content.digest("a", "b") != content.digest("ab")
