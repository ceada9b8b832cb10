"""Resource ids split into what ARM means by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.paths import Asks, target_of

SUB = "/subscriptions/s1"
GROUP = f"{SUB}/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"
CONTAINER = f"{ACCOUNT}/blobServices/default/containers/raw"
LOCK = f"{ACCOUNT}/providers/Microsoft.Authorization/locks/keep"


@pytest.mark.parametrize(
    ("text", "type_", "names", "parent"),
    [
        (SUB, "Microsoft.Resources/subscriptions", ("s1",), None),
        (GROUP, "Microsoft.Resources/resourceGroups", ("rg",), SUB),
        (ACCOUNT, "Microsoft.Storage/storageAccounts", ("st",), GROUP),
        (
            CONTAINER,
            "Microsoft.Storage/storageAccounts/blobServices/containers",
            ("st", "default", "raw"),
            f"{ACCOUNT}/blobServices/default",
        ),
        (LOCK, "Microsoft.Authorization/locks", ("keep",), ACCOUNT),
    ],
)
def test_an_id_has_type_names_and_parent(text, type_, names, parent):
    arm_id = parse(text)
    assert (arm_id.type, arm_id.names) == (type_, names)
    assert (arm_id.parent.text if arm_id.parent else None) == parent


@pytest.mark.parametrize(
    "text", ["", "/", "/subscriptions", f"{GROUP}/x", f"{ACCOUNT}/blobServices", "//a/b"]
)
def test_what_is_no_id_is_refused(text):
    with pytest.raises(ValueError, match="is not a resource id"):
        parse(text)


@given(st.lists(st.from_regex(r"[A-Za-z0-9_.-]{1,12}", fullmatch=True), min_size=1, max_size=4))
def test_a_child_knows_its_parent(names):
    arm_id = parse(ACCOUNT)
    for name in names:
        child = arm_id.child("kind", name)
        assert child.parent == arm_id
        assert child.name == name
        arm_id = child


@pytest.mark.parametrize(
    ("method", "path", "asks", "type_"),
    [
        ("GET", ACCOUNT, Asks.RESOURCE, "Microsoft.Storage/storageAccounts"),
        ("GET", f"{SUB}/resourceGroups", Asks.COLLECTION, "Microsoft.Resources/resourceGroups"),
        ("GET", ACCOUNT.rpartition("/")[0], Asks.COLLECTION, "Microsoft.Storage/storageAccounts"),
        (
            "GET",
            f"{ACCOUNT}/blobServices",
            Asks.COLLECTION,
            "Microsoft.Storage/storageAccounts/blobServices",
        ),
        ("POST", f"{ACCOUNT}/listKeys", Asks.ACTION, "Microsoft.Storage/storageAccounts"),
        ("PUT", LOCK, Asks.RESOURCE, "Microsoft.Authorization/locks"),
    ],
)
def test_a_path_asks_for_a_resource_a_collection_or_an_action(method, path, asks, type_):
    target = target_of(method, path)
    assert (target.asks, target.type) == (asks, type_)


def test_a_path_that_no_api_has_is_a_404():
    with pytest.raises(ArmError) as caught:
        target_of("GET", f"{GROUP}/x")
    assert caught.value.status == 404
