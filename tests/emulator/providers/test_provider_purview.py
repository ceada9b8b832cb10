"""Purview accounts: a name of their own, an identity to scan as, and storage that is kept."""

import copy

import pytest
from azure.mgmt.purview import models

from tests.emulator.providers.world import located

ACCOUNT = "Microsoft.Purview/accounts/pview-mlops"
OWN = {"type": "SystemAssigned"}


def body(**properties: object) -> dict:
    return {**located(**properties), "identity": OWN}


def test_an_account_has_endpoints_an_identity_and_ingestion_storage(azure):
    made = azure.put(ACCOUNT, body(publicNetworkAccess="Disabled"))
    assert made["identity"]["principalId"]
    properties = made["properties"]
    assert properties["endpoints"]["scan"] == "https://pview-mlops.purview.azure.com/scan"
    assert properties["publicNetworkAccess"] == "Disabled"
    kept = properties["ingestionStorage"]
    assert azure.get(kept["id"])["type"] == "Microsoft.Storage/storageAccounts"
    assert azure.put(ACCOUNT, body(publicNetworkAccess="Disabled")) == made
    azure.delete(ACCOUNT)
    assert azure.store.get(kept["id"]) is None


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("Microsoft.Purview/accounts/a--b", body()),
        ("Microsoft.Purview/accounts/ab", body()),
        (ACCOUNT, located()),
        (ACCOUNT, body(publicNetworkAccess="Perhaps")),
        (ACCOUNT, body(ingestionStorage={"publicNetworkAccess": "Perhaps"})),
    ],
)
def test_what_purview_does_not_take_is_refused(azure, path, wrong):
    assert azure.refuses(path, wrong).status == 400


def test_an_account_reads_back_through_the_official_models(azure):
    azure.subnet()
    made = azure.put(ACCOUNT, body(publicNetworkAccess="Disabled"))
    endpoint = azure.endpoint(made["id"], "account")
    shown = azure.get(ACCOUNT)
    assert azure.put(ACCOUNT, copy.deepcopy(shown)) == shown
    found = models.Account.deserialize(shown)
    assert found.identity.type == "SystemAssigned"
    assert found.identity.principal_id == made["identity"]["principalId"]
    assert found.public_network_access == "Disabled"
    (connection,) = found.private_endpoint_connections
    assert connection.private_endpoint.id == endpoint["id"]
    assert connection.private_link_service_connection_state.status == "Approved"
