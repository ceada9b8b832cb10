"""Options of a stack: taken back, nothing of them stays; given again, no store is made anew."""

import json

import pytest

from infra.__main__ import main
from tests.infra.recorder import Recording, record
from tests.infra.stacks import PROJECT, stack_config

HOLDS_DATA = (
    "storage:StorageAccount",
    "storage:BlobContainer",
    "keyvault:Vault",
    "keyvault:Key",
    "containerregistry:Registry",
    "operationalinsights:Workspace",
    "machinelearningservices:Workspace",
)
# What Azure changes in place, of those properties that an option reaches.
IN_PLACE = {"managedNetwork", "networkRuleSet", "publicNetworkAccessForIngestion"}
OPTIONS = {
    "kubernetes": {"kubernetes": {"enabled": True}},
    "factory": {"data": {"factory": True}},
    "ways in": {"entry": {"vpn": {"enabled": True}, "runners": True}},
    "front door": {"serving": {"front_door": {"enabled": True, "contact": "ml@example.com"}}},
    "target": {"serving": {"test_target": True}},
    "flow logs": {"network": {"flow_logs": True, "address_space": "10.10.0.0/16"}},
}
BARE = {"data": {"factory": False, "events": False}}


def _made(keys: dict[str, object]) -> Recording:
    given = {f"{PROJECT}:{key}": json.dumps(value) for key, value in keys.items()}
    return record(main, config={**stack_config("dev"), **given})


def _stores(recording: Recording) -> dict[str, dict[str, object]]:
    return {
        r.urn: {name: value for name, value in r.inputs.items() if name not in IN_PLACE}
        for r in recording.azure
        if r.type.removeprefix("azure-native:") in HOLDS_DATA
    }


@pytest.fixture(scope="module")
def bare() -> Recording:
    return _made(BARE)


@pytest.fixture(scope="module", params=OPTIONS)
def given(request) -> Recording:
    return _made(BARE | OPTIONS[request.param])


@pytest.mark.slow
def test_an_option_given_or_taken_back_replaces_nothing_that_holds_data(bare, given):
    without, with_it = _stores(bare), _stores(given)
    assert without.keys() <= with_it.keys()
    assert {urn: with_it[urn] for urn in without} == without


@pytest.mark.slow
def test_what_an_option_brings_can_go_with_it(bare, given):
    there = {r.urn for r in bare.azure}
    brought = [r for r in given.azure if r.urn not in there]
    assert brought
    assert not [r.name for r in brought if r.protect]
