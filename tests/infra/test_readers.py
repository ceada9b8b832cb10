"""No type is used that the read-back through Microsoft's clients leaves out."""

import json

import pytest

from infra.__main__ import main
from tests.infra.recorder import SUBSCRIPTION, record
from tests.infra.stacks import PROJECT, stack_config, wide
from tests.read_back.leaves import missing
from tests.read_back.readers import READERS
from tests.read_back.second_source import differing

HUB = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks"
)


def test_every_type_that_an_environment_uses_has_a_reader(recordings):
    used = {resource.type for recording in recordings.values() for resource in recording.azure}
    assert used - READERS.keys() == set()


@pytest.mark.slow
def test_every_type_behind_an_option_has_a_reader_and_no_reader_is_idle(recordings):
    given = {
        f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in wide(f"{HUB}/hub").items()
    }
    everything = record(main, config={**stack_config("dev"), **given})
    used = {resource.type for made in (everything, *recordings.values()) for resource in made.azure}
    assert used == READERS.keys()


@pytest.mark.parametrize(
    ("read", "lost"),
    [
        ({"properties": {"minimumTlsVersion": "tls1_2", "supportsHttpsTrafficOnly": True}}, []),
        (
            {"properties": {"minimumTlsVersion": "TLS1_0", "supportsHttpsTrafficOnly": True}},
            [("minimumtlsversion", "tls1_2")],
        ),
        ({"minimum_tls_version": "TLS1_2"}, [("enablehttpstrafficonly", "true")]),
    ],
)
def test_a_value_that_does_not_read_back_is_named(read, lost):
    given = {"minimumTlsVersion": "TLS1_2", "enableHttpsTrafficOnly": True}
    assert missing(given, read) == lost


def test_a_name_is_found_in_an_id_and_an_operation_gets_what_it_asks_for():
    reader = READERS["azure-native:network:Subnet"]
    place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Network"
    assert reader.arguments(f"{place}/virtualNetworks/v/subnets/s") == ["rg", "v", "s"]


def test_a_body_that_keeps_a_value_elsewhere_is_told():
    factory = {"id": "f", "type": "Microsoft.DataFactory/factories"}
    closed = {"properties": {"publicNetworkAccess": "Disabled"}}
    assert differing([factory | closed]) == ([], {"Microsoft.DataFactory/factories"})
    (told,), _ = differing([factory | {"publicNetworkAccess": "Disabled"}])
    assert "properties.publicNetworkAccess is None" in told
