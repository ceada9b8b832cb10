"""States and previews are read alike; what is no such file is refused with what is wanted."""

import json
from pathlib import Path

import pytest

from review.errors import ReviewError
from review.resources import UNKNOWN, NotKnownError, Resource, number, parts
from review.stacks import of_file, of_preview, of_state

URN = "urn:pulumi:dev::azure-mlops::mlops:network:Network$azure-native:network:PrivateEndpoint::"
TOKEN = "azure-native:network:PrivateEndpoint"


def state(name: str, **more) -> dict:
    return {"urn": URN + name, "type": TOKEN, "custom": True, "inputs": {"location": "x"}} | more


def exported(*states: dict, version: object = 3) -> str:
    return json.dumps({"version": version, "deployment": {"resources": list(states)}})


def previewed(*steps: dict) -> str:
    return json.dumps({"steps": list(steps)})


def test_a_state_gives_type_name_and_inputs():
    stack = of_state(exported(state("one")), "file")
    assert stack.name == "dev"
    assert stack.resources == (Resource(TOKEN, "one", {"location": "x"}),)


def test_a_preview_gives_the_same_resources_as_a_state():
    steps = [{"op": op, "newState": state(op)} for op in ("create", "same", "update")]
    expected = of_state(exported(*(step["newState"] for step in steps)), "file").resources
    assert of_preview(previewed(*steps), "file").resources == expected


def test_a_state_of_version_4_is_read():
    assert len(of_state(exported(state("one"), version=4), "file").resources) == 1


def test_what_a_preview_deletes_does_not_count():
    steps = [{"op": "delete", "oldState": state("gone")}, {"op": "same", "newState": state("here")}]
    assert [each.name for each in of_preview(previewed(*steps), "file").resources] == ["here"]


def test_a_replaced_resource_counts_once_with_its_new_inputs():
    steps = [
        {"op": "create-replacement", "newState": state("one", inputs={"size": 2})},
        {"op": "replace", "newState": state("one", inputs={"size": 2})},
        {"op": "delete-replaced", "oldState": state("one", inputs={"size": 1})},
    ]
    found = of_preview(previewed(*steps), "file").resources
    assert [each.inputs for each in found] == [{"size": 2}]


@pytest.mark.parametrize(
    "left_out",
    [
        {"custom": False},
        {"external": True},
        {"delete": True},
        {"type": "pulumi:providers:azure-native"},
    ],
)
def test_components_providers_and_what_others_own_do_not_count(left_out):
    assert of_state(exported(state("one", **left_out)), "file").resources == ()


@pytest.mark.parametrize("empty", [{}, {"resources": None}, {"resources": []}])
def test_a_stack_that_is_not_deployed_has_no_resources(empty):
    written = json.dumps({"version": 3, "deployment": empty})
    assert of_state(written, "file").resources == ()


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "file is empty"),
        (" \n", "file is empty"),
        ("{", "file is not JSON"),
        ("[]", "file is list, not an object"),
        ("{}", "version is None; wanted 3 or 4"),
        ('{"version": 2, "deployment": {}}', "version is 2; wanted 3 or 4"),
        ('{"version": 3}', "file has no deployment"),
        ('{"version": 3, "deployment": {"resources": {}}}', "resources is no list"),
        ('{"version": 3, "deployment": {"resources": [1]}}', "resource 0 is no object"),
        ('{"version": 3, "deployment": {"resources": [{"type": "t"}]}}', "resource 0 has no urn"),
        (exported({"urn": "urn", "type": "t"}), "'urn' is not the URN of a resource"),
        (previewed(), "or read it with --preview"),
    ],
)
def test_what_is_no_state_is_refused(written, said):
    with pytest.raises(ReviewError) as caught:
        of_state(written, "file")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("", "file is empty"),
        ("no", "file is not JSON"),
        ('{"steps": 1}', "file has no list of steps"),
        ('{"steps": [1]}', "step 0 is no object"),
        ('{"steps": [{"op": "create"}]}', "step 0 is no object with a urn and a type"),
        (exported(), "or read it with --state"),
    ],
)
def test_what_is_no_preview_is_refused(written, said):
    with pytest.raises(ReviewError) as caught:
        of_preview(written, "file")
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(ReviewError, match="cannot be read"):
        of_file(tmp_path / "none.json", preview=True)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "state.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ReviewError, match="cannot be read"):
        of_file(tmp_path / "state.json", preview=False)


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("azure-native:network:PrivateEndpoint", "network:PrivateEndpoint"),
        ("azure-native:network/v20240101:PrivateEndpoint", "network:PrivateEndpoint"),
        ("random:index/randomString:RandomString", "random:index/randomString:RandomString"),
    ],
)
def test_a_kind_leaves_package_and_version_out(token, kind):
    assert Resource(token, "it").kind == kind


def test_what_only_deployment_tells_is_not_known():
    resource = Resource(TOKEN, "it", {"sku": {"name": UNKNOWN}})
    assert resource.at("sku", "name") is None
    with pytest.raises(NotKnownError, match=r"sku\.name is not known"):
        resource.text("sku", "name")


@pytest.mark.parametrize("value", [UNKNOWN, "3", True, -1, None, {}])
def test_what_is_no_number_is_not_known(value):
    with pytest.raises(NotKnownError, match="count is not a number"):
        number({"count": value}, "count")


def test_an_absent_number_is_its_default_but_an_unknown_one_is_not():
    assert number({}, "scale", "count", default=1) == 1
    with pytest.raises(NotKnownError):
        number({"count": UNKNOWN}, "count", default=1)


def test_lists_and_maps_of_objects_are_read_alike():
    assert parts({"rules": [{"a": 1}, 2]}, "rules") == ({"a": 1},)
    assert parts({"rules": {"x": {"a": 1}}}, "rules") == ({"a": 1},)
    assert parts({"rules": UNKNOWN}, "rules") == ()
