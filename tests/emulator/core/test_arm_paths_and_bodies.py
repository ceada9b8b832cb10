"""How paths are read, and how bodies are merged and compared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.arm import bodies
from emulator.arm.errors import ArmError
from emulator.arm.paths import Asks, target_of

GROUP = "/subscriptions/s/resourceGroups/rg"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/v"

words = st.text("abcXYZ012-_.", min_size=1, max_size=8).filter(lambda word: word != "providers")
scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
trees = st.recursive(
    scalars, lambda inner: st.dictionaries(words, inner, max_size=3) | st.lists(inner, max_size=3)
)
objects = st.dictionaries(words, trees, max_size=4)


@pytest.mark.parametrize(
    ("method", "path", "asks", "type_", "scope"),
    [
        ("GET", GROUP, Asks.RESOURCE, "Microsoft.Resources/resourceGroups", "/subscriptions/s"),
        ("GET", VAULT, Asks.RESOURCE, "Microsoft.KeyVault/vaults", GROUP),
        ("POST", f"{VAULT}/listKeys", Asks.ACTION, "Microsoft.KeyVault/vaults", GROUP),
        ("GET", f"{VAULT}/secrets", Asks.COLLECTION, "Microsoft.KeyVault/vaults/secrets", VAULT),
        (
            "GET",
            f"{GROUP}/providers/Microsoft.KeyVault/vaults",
            Asks.COLLECTION,
            "Microsoft.KeyVault/vaults",
            GROUP,
        ),
        (
            "GET",
            "/subscriptions/s/resourcegroups",
            Asks.COLLECTION,
            "Microsoft.Resources/resourceGroups",
            "/subscriptions/s",
        ),
        (
            "PUT",
            f"{VAULT}/providers/Microsoft.Authorization/locks/keep",
            Asks.RESOURCE,
            "Microsoft.Authorization/locks",
            VAULT,
        ),
        (
            "GET",
            f"{VAULT}/providers/Microsoft.Authorization/locks",
            Asks.COLLECTION,
            "Microsoft.Authorization/locks",
            VAULT,
        ),
    ],
)
def test_a_path_says_what_is_asked(method, path, asks, type_, scope):
    target = target_of(method, path)
    assert (target.asks, target.type, target.scope) == (asks, type_, scope)


@pytest.mark.parametrize("path", ["/", "/nothing", "/subscriptions/s/nothing", f"{GROUP}//x/y"])
def test_a_path_without_an_api_is_refused(path):
    with pytest.raises(ArmError) as refusal:
        target_of("GET", path)
    assert refusal.value.status == 404


@given(st.sampled_from(["GET", "PUT", "POST"]), st.lists(words | st.just("providers"), max_size=9))
def test_any_path_is_read_or_refused_with_a_404(method, parts):
    status = 200
    try:
        target_of(method, "/" + "/".join(parts))
    except ArmError as refusal:
        status = refusal.status
    assert status in {200, 404}


@given(objects, objects)
def test_a_put_is_what_was_sent_whatever_was_there(body, previous):
    merged = bodies.merged("PUT", body, previous)
    assert merged == body | {"properties": body.get("properties", {})}


@given(objects)
def test_a_patch_with_nothing_changes_nothing(previous):
    previous.setdefault("properties", {})
    assert bodies.merged("PATCH", {}, previous) == previous


@given(objects, objects)
def test_a_patch_twice_is_the_same_as_once(body, previous):
    once = bodies.merged("PATCH", body, previous)
    assert bodies.merged("PATCH", body, once) == once


@given(objects, objects)
def test_merging_leaves_its_arguments_alone(body, previous):
    before = repr(body), repr(previous)
    bodies.merged("PATCH", body, previous)["properties"] = "changed"
    assert (repr(body), repr(previous)) == before


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ({"kind": "A"}, {"kind": "B"}, True),
        ({"kind": "A"}, {"kind": "a"}, False),
        ({"kind": "A"}, {}, False),
        ({}, {"kind": "A"}, False),
        ({"kind": {"x": 1}}, {"kind": {"x": 2}}, True),
    ],
)
def test_what_is_fixed_at_creation_cannot_be_changed_but_may_be_left_out(before, after, refused):
    def resource(properties):
        return {"name": "one", "properties": properties}

    if not refused:
        bodies.check_unchanged(("properties.kind",), resource(after), resource(before))
        return
    with pytest.raises(ArmError, match="PropertyChangeNotAllowed") as refusal:
        bodies.check_unchanged(("properties.kind",), resource(after), resource(before))
    assert refusal.value.target == "properties.kind"
