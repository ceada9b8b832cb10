"""Each stack's list of resources is the one that was last reviewed."""

import difflib

from tests.infra import snapshots


def test_a_stack_gains_and_loses_nothing_unseen(recordings):
    for stack, recording in recordings.items():
        kept = snapshots.path(stack).read_text().splitlines()
        found = snapshots.listed(recording).splitlines()
        changes = [line for line in difflib.ndiff(kept, found) if line[0] in "+-"]
        assert changes == [], f"{stack} changed; if meant: python -m tests.infra.snapshots"


def test_a_lost_resource_shows(dev):
    lines = snapshots.listed(dev).splitlines()
    assert len(lines) == len(set(lines)) == len(dev.resources)
    assert lines != snapshots.path("dev").read_text().splitlines()[1:]
