"""The unmodified azure-storage-blob client: every way of access, and every refusal."""

import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.identity import ClientSecretCredential
from azure.storage.blob import (
    AccountSasPermissions,
    BlobBlock,
    BlobSasPermissions,
    BlobServiceClient,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from tests.emulator.conftest import ARM

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("blob")]

CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
VERSION = {"api-version": "2024-01-01"}
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def world(served):
    """Two accounts, one of which takes keys, and an environment in which the client finds them."""
    given = served.environment()
    patch = pytest.MonkeyPatch()
    for name in ("HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        patch.setenv(name, given[name])
    patch.delenv("CURL_CA_BUNDLE", raising=False)
    subscription = f"{ARM}/subscriptions/{given['AZURE_SUBSCRIPTION_ID']}"
    group = f"{subscription}/resourceGroups/rg-blob"
    accounts = f"{group}/providers/Microsoft.Storage/storageAccounts"
    with served.client(given, token=served.token(given, f"{ARM}/.default")) as arm:
        arm.put(group, params=VERSION, json={"location": "westeurope"}).raise_for_status()
        for name, keys in (("stnokeys", False), ("stkeys", True)):
            body = {
                "location": "westeurope",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS"},
                "properties": {"allowSharedKeyAccess": keys},
            }
            arm.put(f"{accounts}/{name}", params=VERSION, json=body).raise_for_status()
        listed = arm.post(f"{accounts}/stkeys/listKeys", params=VERSION).raise_for_status().json()
        assignments = arm.get(
            f"{subscription}/providers/Microsoft.Authorization/roleAssignments", params=VERSION
        ).json()["value"]
        me = assignments[0]["properties"]["principalId"]
        definition = "/providers/Microsoft.Authorization/roleDefinitions/"
        role = {
            "properties": {
                "principalId": me,
                "principalType": "ServicePrincipal",
                "roleDefinitionId": f"{subscription.removeprefix(ARM)}{definition}{CONTRIBUTOR}",
            }
        }
        grant = f"providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        arm.put(f"{accounts}/stnokeys/{grant}", params=VERSION, json=role).raise_for_status()
    credential = ClientSecretCredential(
        given["AZURE_TENANT_ID"], given["AZURE_CLIENT_ID"], given["AZURE_CLIENT_SECRET"]
    )
    yield {"credential": credential, "key": listed["keys"][0]["value"]}
    patch.undo()


def client(account, credential=None):
    url = f"https://{account}.blob.core.windows.net"
    return BlobServiceClient(url, credential=credential, retry_total=0)


@pytest.fixture(scope="module")
def container(world):
    return client("stnokeys", world["credential"]).create_container("raw")


@pytest.mark.parametrize("name", ["a.txt", "a/b/ü c+d%.txt", "a", "dots...", "q?x=1&y", "'quote\""])
def test_a_blob_of_any_name_comes_back_with_its_metadata(container, name):
    blob = container.get_blob_client(name)
    blob.upload_blob(b"hello", metadata={"k": "v"}, overwrite=True)
    assert blob.download_blob().readall() == b"hello"
    assert blob.get_blob_properties().metadata == {"k": "v"}
    assert name in [found.name for found in container.list_blobs()]


def test_eighty_mebibytes_go_up_in_blocks_and_come_back(container):
    content = os.urandom(80 << 20)
    container.upload_blob("big", content, overwrite=True, max_concurrency=2)
    assert container.download_blob("big", max_concurrency=2).readall() == content


def test_many_uploads_at_once_are_all_there(container):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: container.upload_blob(f"many/{n}", b"x" * n), range(16)))
    sizes = {blob.name: blob.size for blob in container.list_blobs(name_starts_with="many/")}
    assert sizes == {f"many/{n}": n for n in range(16)}


def test_ranges_pages_and_folders(container):
    for name in ("p/1", "p/2", "p/q/3", "p/q/4"):
        container.upload_blob(name, b"0123456789", overwrite=True)
    assert container.download_blob("p/1", offset=3, length=4).readall() == b"3456"
    pages = container.list_blobs(name_starts_with="p/", results_per_page=2).by_page()
    assert [[blob.name for blob in page] for page in pages] == [["p/1", "p/2"], ["p/q/3", "p/q/4"]]
    walked = container.walk_blobs(name_starts_with="p/", delimiter="/")
    # The client puts the folders of a page before its blobs.
    assert [found.name for found in walked] == ["p/q/", "p/1", "p/2"]


def test_a_blob_is_not_overwritten_unasked_nor_when_it_has_changed(container):
    blob = container.get_blob_client("once")
    etag = blob.upload_blob(b"1")["etag"]
    with pytest.raises(ResourceExistsError):
        blob.upload_blob(b"2")
    blob.upload_blob(b"3", overwrite=True)
    with pytest.raises(ResourceModifiedError):
        blob.set_blob_metadata({"a": "b"}, etag=etag, match_condition=_unchanged())
    blob.delete_blob()
    with pytest.raises(ResourceNotFoundError):
        blob.download_blob()


def _unchanged():
    from azure.core import MatchConditions  # noqa: PLC0415 - one use

    return MatchConditions.IfNotModified


def test_an_unknown_block_refuses_the_whole_list(container):
    blob = container.get_blob_client("blocks")
    blob.stage_block("YQ==", b"one")
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("YQ=="), BlobBlock("Yg==")])
    assert caught.value.error_code == "InvalidBlockList"
    assert not blob.exists()


def test_a_user_delegation_sas_allows_what_it_says_and_no_more(world, container):
    now = datetime.now(UTC)
    service = client("stnokeys", world["credential"])
    key = service.get_user_delegation_key(now - HOUR, now + HOUR)
    container.upload_blob("sas", b"1", overwrite=True)
    sas = generate_container_sas(
        "stnokeys",
        "raw",
        user_delegation_key=key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=now + HOUR,
    )
    reader = client("stnokeys", sas).get_container_client("raw")
    assert reader.download_blob("sas").readall() == b"1"
    assert "sas" in [blob.name for blob in reader.list_blobs()]
    with pytest.raises(HttpResponseError) as caught:
        reader.upload_blob("new", b"1")
    assert caught.value.status_code == 403


@pytest.mark.parametrize(
    ("starts", "ends", "blob"), [(-2, -1, "sas"), (1, 2, "sas"), (-1, 1, "other")]
)
def test_a_sas_that_is_over_not_yet_or_for_another_blob_is_refused(world, starts, ends, blob):
    now = datetime.now(UTC)
    key = client("stnokeys", world["credential"]).get_user_delegation_key(now - HOUR, now + HOUR)
    sas = generate_blob_sas(
        "stnokeys",
        "raw",
        blob,
        user_delegation_key=key,
        permission=BlobSasPermissions(read=True),
        start=now + starts * HOUR,
        expiry=now + ends * HOUR,
    )
    with pytest.raises((HttpResponseError, ClientAuthenticationError)):
        client("stnokeys", sas).get_blob_client("raw", "sas").download_blob()


def test_keys_and_what_is_signed_with_them_work_where_keys_are_on(world):
    by_key = client("stkeys", world["key"])
    by_key.create_container("own").upload_blob("a b", b"1")
    sas = generate_account_sas(
        "stkeys",
        world["key"],
        resource_types=ResourceTypes(object=True),
        permission=AccountSasPermissions(read=True),
        expiry=datetime.now(UTC) + HOUR,
    )
    assert client("stkeys", sas).get_blob_client("own", "a b").download_blob().readall() == b"1"
    with pytest.raises((HttpResponseError, ClientAuthenticationError)):
        list(client("stkeys", sas).list_containers())


def test_a_wrong_key_is_refused(world):
    wrong = "x" * 86 + "=="
    with pytest.raises((HttpResponseError, ClientAuthenticationError)) as caught:
        list(client("stkeys", wrong).list_containers())
    assert caught.value.status_code == 403


def test_keys_are_refused_where_they_are_off(world, container):
    with pytest.raises((HttpResponseError, ClientAuthenticationError)) as caught:
        client("stnokeys", world["key"]).get_blob_client("raw", "sas").download_blob()
    assert caught.value.error_code == "KeyBasedAuthenticationNotPermitted"


def test_without_a_role_a_token_opens_nothing(world):
    with pytest.raises((HttpResponseError, ClientAuthenticationError)) as caught:
        client("stkeys", world["credential"]).get_blob_client("own", "a b").download_blob()
    assert caught.value.error_code == "AuthorizationPermissionMismatch"


def test_strangers_get_nothing(world, container):
    with pytest.raises((HttpResponseError, ClientAuthenticationError)):
        client("stnokeys").get_blob_client("raw", "sas").download_blob()


def test_an_account_that_does_not_exist_is_named(world):
    with pytest.raises(ResourceNotFoundError, match="stnobody"):
        list(client("stnobody", world["credential"]).list_containers())
