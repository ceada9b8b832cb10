"""What a program writes, sent to ARM and read back, is what it wrote."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.pulumi_provider.check import check
from emulator.pulumi_provider.diff import difference
from emulator.pulumi_provider.state import expected_outputs, refreshed_inputs
from emulator.pulumi_provider.values import (
    UNKNOWN,
    Secret,
    decode,
    encode,
    mark,
    plain,
    secret_paths,
)
from shapes import catalog
from shapes.convert import from_body, to_body
from shapes.grammar import Shape, Type, parse_shape, parse_type
from tests.emulator.pulumi_provider.programs import inputs_of

TOKENS = [
    "storage:StorageAccount",
    "storage:BlobContainer",
    "storage:ManagementPolicy",
    "keyvault:Vault",
    "keyvault:Key",
    "containerregistry:Registry",
    "network:VirtualNetwork",
    "network:Subnet",
    "network:NetworkSecurityGroup",
    "network:PrivateEndpoint",
    "network:PublicIPAddress",
    "privatedns:PrivateRecordSet",
    "authorization:RoleAssignment",
    "authorization:PolicyAssignment",
    "operationalinsights:Workspace",
    "applicationinsights:Component",
    "monitor:DiagnosticSetting",
    "monitor:MetricAlert",
    "monitor:ActionGroup",
    "machinelearningservices:Workspace",
    "machinelearningservices:Compute",
    "machinelearningservices:Datastore",
    "machinelearningservices:OnlineEndpoint",
    "machinelearningservices:ManagedNetworkSettingsRule",
    "containerservice:ManagedCluster",
    "consumption:Budget",
    "purview:Account",
    "kubernetesconfiguration:Extension",
    "cdn:Profile",
    "eventgrid:EventSubscription",
]
SHAPES = [catalog.resource(f"azure-native:{token}") for token in TOKENS]
patient = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("shape", SHAPES, ids=TOKENS)
@given(data=st.data())
@patient
def test_right_inputs_pass_the_check_and_survive_the_way_to_arm_and_back(shape, data):
    inputs = data.draw(inputs_of(shape))
    body, _ = to_body(inputs, shape.inputs, shape.module)
    assert from_body(body, shape.inputs, shape.module, inputs=True) == inputs
    assert refreshed_inputs(inputs, "/x", body, shape) == inputs
    assert difference(inputs, inputs, shape).changes == {}
    path = {name: UNKNOWN for name, item in shape.inputs.items() if item.in_path}
    assert check({**inputs, **path}, shape) == []


@given(data=st.data())
@patient
def test_a_preview_keeps_the_inputs_and_says_nothing_of_the_rest(data):
    shape = data.draw(st.sampled_from(SHAPES))
    inputs = data.draw(inputs_of(shape))
    outputs = plain(expected_outputs(shape, inputs, {}))
    for name, value in inputs.items():
        if isinstance(value, str | bool | int) and name in shape.outputs:
            assert outputs[name] in (value, UNKNOWN)
    assert set(shape.outputs) <= set(outputs)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=5) | st.just(UNKNOWN),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
        | inner.filter(lambda value: not isinstance(value, Secret)).map(Secret)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), values, max_size=4))
def test_values_survive_the_engines_wire(properties):
    assert decode(encode(properties)) == properties


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), values, max_size=4))
def test_secrets_can_be_put_back_where_they_were(properties):
    paths = list(secret_paths(properties))
    assert list(secret_paths(mark(plain(properties), paths))) == paths


types = st.recursive(
    st.sampled_from(
        [Type("str"), Type("const", "a b"), Type("object", "X.2"), Type("enum", "E", open=True)]
    ),
    lambda inner: st.builds(lambda item: Type("list", items=(item,)), inner)
    | st.builds(lambda item: Type("map", items=(item,)), inner)
    | st.lists(inner.filter(lambda item: item.kind != "union"), min_size=2, max_size=3).map(
        lambda items: Type("union", items=tuple(items))
    ),
    max_leaves=5,
)  # fmt: skip


@given(types)
def test_a_type_reads_back_as_it_was_written(kind):
    assert parse_type(str(kind)) == kind


@given(st.builds(Shape, types, wire=st.sampled_from([(), ("properties", "a.b"), ("?", "$expand")]),
                 required=st.booleans(), secret=st.booleans(), children=st.booleans()))  # fmt: skip
def test_a_shape_reads_back_as_it_was_written(shape):
    assert parse_shape(str(shape)) == shape


@pytest.mark.parametrize("text", ["", "string", "#A|", "(#A", "str[", "str extra"])
def test_what_is_no_type_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_type(text)
