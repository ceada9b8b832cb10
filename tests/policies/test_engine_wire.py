"""Properties as the engine sends them, read the way that the SDK reads them."""

from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import proxy
from pulumi_policy.deserialize import deserialize_properties

from policies.engine.values import (
    OUTPUT,
    SECRET,
    SIGNATURE,
    UNKNOWN,
    UNKNOWN_TEXT,
    UNKNOWNS,
    from_json,
)
from policies.engine.wire import decode, put
from tests.policies.proxies import snapshot

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**50), 2**50)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(sorted(UNKNOWNS))
)


def secret(value):
    return {SIGNATURE: SECRET, "value": value}


trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.builds(secret, inner)
    ),
)


def struct(tree):
    return json_format.ParseDict(tree, struct_pb2.Struct())


@given(st.dictionaries(st.text(), trees, max_size=5))
def test_a_tree_is_read_as_the_proxies_of_the_sdk_show_it(tree):
    sent = struct(tree)
    as_dict = json_format.MessageToDict(sent)
    proxied = snapshot(proxy.unknown_checking_proxy(deserialize_properties(as_dict)))
    assert decode(sent) == proxied == from_json(as_dict)


def test_the_unknowns_are_those_of_the_sdk():
    sdk = {value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")}
    assert sdk == UNKNOWNS


def test_an_output_is_its_value_or_unknown_and_a_hidden_secret_is_unknown():
    tree = {
        "known": {SIGNATURE: OUTPUT, "value": "v"},
        "later": {SIGNATURE: OUTPUT},
        "sealed": {SIGNATURE: SECRET, "ciphertext": "v1:abc"},
    }
    assert decode(struct(tree)) == {"known": "v", "later": UNKNOWN, "sealed": UNKNOWN}
    assert from_json(tree) == {"known": "v", "later": UNKNOWN, "sealed": UNKNOWN}
    shown = {"shown": {SIGNATURE: SECRET, "plaintext": '"v"'}, "masked": "[secret]"}
    assert from_json(shown) == {"shown": "v", "masked": UNKNOWN}


def test_mending_changes_one_value_and_keeps_secrets_unknowns_and_casing():
    tree = {"Tags": secret({"a": "1"}), "id": UNKNOWN_TEXT, "tls": "old", "list": [1, secret("x")]}
    sent = struct(tree)
    put(sent, "tls", "new")
    put(sent, "tags.owner", "me")
    put(sent, "deep.er", {"x": [True, None, 1]})
    assert json_format.MessageToDict(sent) == {
        "Tags": secret({"a": "1", "owner": "me"}),
        "id": UNKNOWN_TEXT,
        "tls": "new",
        "list": [1, secret("x")],
        "deep": {"er": {"x": [True, None, 1]}},
    }
