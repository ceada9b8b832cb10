"""Whom and where `azlocal exec` may stand for."""

import pytest

from emulator.arm.store import Store
from emulator.cli.environment import UnknownError, check_place, find_principal
from emulator.login.principals import MANAGED_IDENTITY, Principals

NETWORK = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/vnet"


@pytest.fixture
def store(tmp_path):
    made = Store(tmp_path / "state.db")
    Principals(made).seed("s")
    yield made
    made.close()


def test_an_unknown_principal_is_refused_with_the_known_ones(store):
    assert find_principal(store, "deployer").name == "deployer"
    with pytest.raises(UnknownError, match="no principal 'nobody' here; known are: deployer"):
        find_principal(store, "nobody")


def test_a_name_that_two_principals_have_is_refused_with_their_ids(store):
    directory = Principals(store)
    two = [directory.add("cpu", MANAGED_IDENTITY, f"/resource/{n}") for n in (1, 2)]
    with pytest.raises(UnknownError, match=two[0].object_id):
        find_principal(store, "cpu")
    assert find_principal(store, two[1].object_id) == two[1]


def test_a_place_is_private_internet_or_a_subnet(store):
    subnet = f"{NETWORK}/subnets/access"
    store.put({"id": NETWORK, "properties": {}})
    store.put({"id": subnet, "properties": {}})
    for place in ("private", "internet", "access", subnet, subnet.upper()):
        check_place(store, place)
    with pytest.raises(UnknownError, match="known are: private, internet, access"):
        check_place(store, "nowhere")
