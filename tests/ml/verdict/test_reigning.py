"""The champion is one version, found in the same way by everyone."""

import pytest

from ml.errors import TaskError
from ml.verdict.reigning import champion
from ml.workspace import RegisteredModel


def version(number, **tags):
    return RegisteredModel("flights-late", str(number), tags)


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([], None),
        ([version(1)], None),
        ([version(2, verdict="fail"), version(1)], None),
        ([version(3), version(2, verdict="pass"), version(1, verdict="pass")], "2"),
        ([version(3, verdict="pass"), version(1, verdict="pass", role="champion")], "1"),
    ],
)
def test_a_release_decides_and_before_one_the_newest_that_passed(versions, expected):
    found = champion(versions)
    assert (found.version if found else None) == expected


def test_two_champions_are_named():
    with pytest.raises(TaskError, match="flights-late:2, flights-late:1 are all tagged"):
        champion([version(2, role="champion"), version(1, role="champion")])
