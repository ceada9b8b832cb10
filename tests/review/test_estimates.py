"""Sums are sums of lines, ranges have a least and a most, and what is unknown is never 0."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from review.cost import Kind, Line, Range
from review.cost.estimate import SERVICES
from review.cost.free import FREE
from review.cost.table import gaps, rows
from review.resources import UNKNOWN, Resource
from tests.review.building import price, priced, resource

VM = price("vm", "Standard_D4s_v5", "0.20")
KINDS = sorted({kind for service in SERVICES for kind in service.models} | FREE)

plain = st.none() | st.booleans() | st.integers(-2, 9) | st.sampled_from([UNKNOWN, "Standard", "x"])
values = st.recursive(
    plain,
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("ab"), below),
    max_leaves=5,
)
# Keys that models read, with values of every shape: no input may end a review.
KEYS = (
    "sku", "name", "tier", "properties", "computeType", "vmSize", "scaleSettings", "maxNodeCount",
    "agentPoolProfiles", "count", "containers", "criteria", "allOf", "evaluationFrequency",
    "managedNetwork", "outboundRules", "isolationMode", "regionDetails", "location", "pricingName",
    "pricingTier", "retentionInDays", "kty", "resourceGroupName",
)  # fmt: skip
inputs = st.dictionaries(st.sampled_from(KEYS), values, max_size=6)
anything = st.builds(
    Resource,
    st.sampled_from(KINDS).map(lambda kind: f"azure-native:{kind}"),
    st.sampled_from(["a", "b"]),
    inputs,
)


@st.composite
def clusters(draw) -> Resource:
    low, high = sorted(draw(st.tuples(st.integers(0, 50), st.integers(0, 50))))
    size = draw(st.sampled_from(["Standard_D4s_v5", "Standard_Unknown"]))
    scale = {"minNodeCount": low, "maxNodeCount": high}
    properties = {
        "computeType": "AmlCompute",
        "properties": {"vmSize": size, "scaleSettings": scale},
    }
    return resource("machinelearningservices:Compute", properties=properties)


@given(st.lists(clusters() | anything, max_size=8))
def test_the_total_is_the_sum_of_the_lines(resources):
    found = priced(*resources, prices=(VM,))
    amounts = [line.monthly for line in found.lines if line.monthly]
    assert found.total.low == sum((each.low for each in amounts), Decimal(0))
    assert found.total.high == sum((each.high for each in amounts), Decimal(0))
    assert found.total == found.fixed + found.scaling
    assert found.total.low <= found.total.high


@given(st.lists(anything, max_size=5))
def test_without_prices_nothing_has_an_amount(resources):
    found = priced(*resources)
    assert {line.monthly for line in found.lines} <= {None}
    assert {line.rate.usd for line in found.lines if line.rate} <= {None}


@given(st.lists(clusters() | anything, max_size=8))
def test_every_resource_has_a_line_of_a_kind(resources):
    found = priced(*resources, prices=(VM,))
    kinds = {each.kind for each in resources} - {"containerservice:AgentPool"}
    assert kinds - {line.type for line in found.lines} == set()
    assert sum(row.count for row in rows(found)) + sum(gap.count for gap in gaps(found)) + len(
        found.of(Kind.FREE)
    ) == len(found.lines)


@given(st.lists(clusters(), max_size=6))
def test_the_table_adds_up_to_the_total(resources):
    found = priced(*resources, prices=(VM,))
    assert sum((row.monthly.low for row in rows(found) if row.monthly), Decimal(0)) == (
        found.total.low
    )


def test_a_type_without_a_model_is_not_priced():
    found = priced(resource("quantum:Workspace"), resource("quantum:Workspace"))
    (gap,) = gaps(found)
    assert (gap.type, gap.why, gap.count) == ("quantum:Workspace", "no model for this type", 2)
    assert found.total.high == 0


def test_a_resource_of_another_provider_is_not_priced():
    found = priced(Resource("aws:s3/bucket:Bucket", "it"))
    assert [line.kind for line in found.lines] == [Kind.UNPRICED]


def test_no_free_type_has_a_model_too():
    assert FREE & {kind for service in SERVICES for kind in service.models} == frozenset()


def test_a_kind_belongs_to_one_service():
    every = [kind for service in SERVICES for kind in service.models]
    assert len(every) == len(set(every))


@pytest.mark.parametrize(
    ("inputs", "region"),
    [
        ({"location": "West Europe"}, "westeurope"),
        ({"properties": {"computeLocation": "northeurope"}}, "northeurope"),
        ({"resourceGroupName": "RG-One"}, "francecentral"),
        ({"resourceGroupName": UNKNOWN}, None),
        ({}, None),
    ],
)
def test_a_region_is_the_resources_own_else_its_groups(inputs, region):
    group = resource("resources:ResourceGroup", "g", "francecentral", resourceGroupName="rg-one")
    it = Resource("azure-native:network:PrivateEndpoint", "it", inputs)
    row = price("private-endpoint", "any", "1", region="elsewhere")
    found = priced(group, it, prices=(row,))
    quotes = [quote for line in found.lines for quote in line.quotes]
    assert [(quote.region, quote.elsewhere) for quote in quotes] == [(region, True)]


def test_equal_lines_are_one_row_with_their_count_and_marks():
    row = price("private-endpoint", "any", "0.01", region="westus")
    found = priced(*[resource("network:PrivateEndpoint", name) for name in "abc"], prices=(row,))
    first = rows(found)[0]
    assert (first.label, first.count) == ("private endpoint", 3)
    assert first.monthly == Range(Decimal("21.90"), Decimal("21.90"))
    assert first.marks == ("price of westus, not westeurope",)


def test_a_range_that_goes_down_is_refused():
    with pytest.raises(ValueError, match="is no range"):
        Range(Decimal(2), Decimal(1))


def test_a_line_without_a_price_cannot_have_an_amount():
    amount = Range(Decimal(0), Decimal(0))
    with pytest.raises(ValueError, match="not priced"):
        Line("s", "t", "r", "label", Kind.UNPRICED, monthly=amount)
