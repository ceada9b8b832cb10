"""Storage accounts and containers as Azure documents them."""

import json

import pytest

from emulator.blob.datapath import keys_of
from tests.emulator.providers.world import account_body, located

ACCOUNT = "Microsoft.Storage/storageAccounts/stmlops"
BLOBS = f"{ACCOUNT}/blobServices/default"


def test_account_shows_what_the_service_computes(azure):
    properties = azure.account()["properties"]
    assert properties["primaryEndpoints"]["blob"] == "https://stmlops.blob.core.windows.net/"
    assert properties["primaryLocation"] == "westeurope"
    assert properties["networkAcls"]["defaultAction"] == "Allow"
    assert properties["supportsHttpsTrafficOnly"] is True
    assert properties["provisioningState"] == "Succeeded"
    assert "allowSharedKeyAccess" not in properties


def test_identical_put_keeps_the_etag(azure):
    assert azure.account()["etag"] == azure.account()["etag"]


def test_account_brings_its_services(azure):
    azure.account()
    for service in ("blobServices", "fileServices", "queueServices", "tableServices"):
        assert azure.get(f"{ACCOUNT}/{service}/default")["name"] == "default"


@pytest.mark.parametrize("name", ["st", "Upper", "has-hyphen", "a" * 25])
def test_bad_account_name_is_refused_with_azures_sentence(azure, name):
    refusal = azure.refuses(f"Microsoft.Storage/storageAccounts/{name}", account_body())
    assert (refusal.status, refusal.code) == (400, "AccountNameInvalid")
    assert "is not a valid storage account name" in refusal.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sku": None}, "InvalidParameter"),
        ({"sku": {"name": "Gold_LRS"}}, "InvalidSku"),
        ({"kind": None}, "InvalidParameter"),
        ({"kind": "FileStorage"}, "InvalidSkuForKind"),
        ({"location": None}, "LocationRequired"),
        ({"location": "atlantis"}, "LocationNotAvailableForResourceType"),
        ({"properties": {"minimumTlsVersion": "TLS9"}}, "InvalidParameter"),
        ({"properties": {"supportsHttpsTrafficOnly": "yes"}}, "InvalidParameter"),
        ({"properties": {"networkAcls": {"defaultAction": "Maybe"}}}, "InvalidParameter"),
    ],
)
def test_bad_account_body_is_refused(azure, change, code):
    assert azure.refuses(ACCOUNT, account_body() | change).code == code


def test_hierarchical_namespace_is_fixed_at_creation(azure):
    azure.account()
    refusal = azure.refuses(ACCOUNT, account_body(isHnsEnabled=True))
    assert (refusal.status, refusal.code) == (409, "PropertyChangeNotAllowed")


def test_account_name_is_unique_in_all_of_azure(azure):
    azure.account()
    azure.put(azure.id("x").replace("/rg/providers/x", "/other"), {"location": "westeurope"})
    elsewhere = azure.id(ACCOUNT).replace("/rg/", "/other/")
    assert azure.refuses(elsewhere, account_body()).code == "StorageAccountAlreadyTaken"


def test_keys_are_listed_and_regenerated_but_never_shown(azure):
    azure.account()
    first = json.loads(azure.post(ACCOUNT, "listKeys"))["keys"]
    assert [key["keyName"] for key in first] == ["key1", "key2"]
    assert first[0]["value"] not in json.dumps(azure.get(ACCOUNT))
    second = json.loads(azure.post(ACCOUNT, "regenerateKey", {"keyName": "key1"}))["keys"]
    assert second[0]["value"] != first[0]["value"]
    assert second[1] == first[1]
    account = azure.store.get(azure.id(ACCOUNT))
    assert keys_of(azure.ctx.services, account) == [key["value"] for key in second]


def test_container_is_also_made_and_removed_in_the_blob_service(azure):
    azure.account()
    azure.put(f"{BLOBS}/containers/raw")
    assert azure.containers("stmlops") == ["raw"]
    azure.delete(f"{BLOBS}/containers/raw")
    assert azure.containers("stmlops") == []


def test_deleted_account_leaves_no_blobs_behind(azure):
    azure.account()
    azure.put(f"{BLOBS}/containers/raw")
    azure.ctx.services.blobs.create_container("stmlops", "made-by-a-client")
    azure.delete(ACCOUNT)
    assert azure.containers("stmlops") == []


@pytest.mark.parametrize("name", ["ab", "-raw", "raw-", "two--hyphens", "Upper", "a" * 64])
def test_bad_container_name_is_refused(azure, name):
    azure.account()
    assert azure.refuses(f"{BLOBS}/containers/{name}", {}).code == "ContainerNameInvalid"


def test_public_container_needs_an_account_that_allows_it(azure):
    azure.account()
    body = {"properties": {"publicAccess": "Blob"}}
    refusal = azure.refuses(f"{BLOBS}/containers/open", body)
    assert (refusal.status, refusal.code) == (409, "PublicAccessNotPermitted")
    azure.account(allowBlobPublicAccess=True)
    assert azure.put(f"{BLOBS}/containers/open", body)["properties"]["publicAccess"] == "Blob"


@pytest.mark.parametrize("days", [0, 366, "7", None])
def test_retention_of_blobs_is_a_year_at_most(azure, days):
    azure.account()
    body = {"properties": {"deleteRetentionPolicy": {"enabled": True, "days": days}}}
    assert azure.refuses(BLOBS, body).target == "properties.deleteRetentionPolicy.days"


def test_lifecycle_rules_are_checked(azure):
    azure.account()
    policy = f"{ACCOUNT}/managementPolicies/default"
    rule = {
        "name": "old",
        "type": "Lifecycle",
        "definition": {
            "filters": {"blobTypes": ["blockBlob"]},
            "actions": {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 30}}},
        },
    }
    good = located(policy={"rules": [rule]})
    assert azure.put(policy, good)["etag"] == azure.put(policy, good)["etag"]
    azure.refuses(policy, located(policy={"rules": []}))
    azure.refuses(policy, located(policy={"rules": [rule, rule]}))
    azure.refuses(policy, located(policy={"rules": [{**rule, "definition": {}}]}))
