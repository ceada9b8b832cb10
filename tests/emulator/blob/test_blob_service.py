"""What the unmodified client does with blobs and containers, and what it gets back."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob import BlobBlock, BlobType, ContentSettings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NAMES = [
    "a.txt", "a/b/ü c+d%.txt", "dots...", "q?x=1&y", "'quote\"", "#frag", "a b ", "100%25",
    "日本/語", "semi;colon", "back\\slash", "tab\tname", "<xml>&amp;", "bell\x07", "cr\rlf\n",
    "😀", "trail.",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_from_reads_and_lists_as_it_was(raw, name):
    blob = raw.get_blob_client(name)
    blob.upload_blob(b"hello", metadata={"k": "v"})
    assert blob.download_blob().readall() == b"hello"
    assert blob.get_blob_properties().metadata == {"k": "v"}
    assert [found.name for found in raw.list_blobs(include=["metadata"])] == [name]
    raw.delete_blob(name)
    assert not blob.exists()


letters = st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(letters, min_size=1, max_size=40), content=st.binary(max_size=300))
def test_any_name_and_content_come_back(raw, name, content):
    # The client and its URL library resolve such parts themselves, as they do for Azure.
    if name.strip("/") == "" or {".", ".."} & set(name.split("/")) or name.startswith("/"):
        return
    blob = raw.get_blob_client(name)
    blob.upload_blob(content, overwrite=True)
    assert blob.download_blob().readall() == content
    assert name in [found.name for found in raw.list_blobs(name_starts_with=name)]
    blob.delete_blob()


CONTENT = bytes(range(256)) * 3


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(offset=st.integers(0, 767), length=st.integers(1, 900))
def test_any_range_is_the_slice(raw, offset, length):
    blob = raw.get_blob_client("ranges")
    if not blob.exists():
        blob.upload_blob(CONTENT)
    got = blob.download_blob(offset=offset, length=length).readall()
    assert got == CONTENT[offset : offset + length]


def test_a_range_behind_the_end_is_refused_and_an_empty_blob_is_read(raw):
    blob = raw.get_blob_client("short")
    blob.upload_blob(b"12345")
    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob(offset=5, length=1).readall()
    assert caught.value.error_code == "InvalidRange"
    blob.upload_blob(b"", overwrite=True)
    assert blob.download_blob().readall() == b""


def test_what_md5_protects_is_checked_both_ways(raw, cloud, writer):
    blob = raw.get_blob_client("checked")
    blob.upload_blob(os.urandom(300_000), validate_content=True)
    assert len(blob.download_blob(validate_content=True).readall()) == 300_000
    token = cloud.token(writer).get_token().token
    headers = {"authorization": f"Bearer {token}", "x-ms-blob-type": "BlockBlob"}
    wrong = headers | {"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="}
    answer = cloud.ask("PUT", f"{blob.url}2", wrong, b"data")
    assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "Md5Mismatch")
    assert not raw.get_blob_client("checked2").exists()


def test_a_large_blob_goes_up_in_blocks(cloud, writer):
    small = cloud.client(cloud.token(writer), max_single_put_size=1 << 20, max_block_size=1 << 18)
    container = small.create_container("blocks")
    content = os.urandom((5 << 20) + 17)
    blob = container.upload_blob("big", content, max_concurrency=4)
    committed, staged = blob.get_block_list("all")
    assert (sum(block.size for block in committed), staged) == (len(content), [])
    assert len(committed) == 21
    assert blob.download_blob(max_concurrency=4).readall() == content


def test_blocks_are_kept_replaced_and_put_in_order(raw):
    blob = raw.get_blob_client("ordered")
    for block in ("YQ==", "Yg==", "Yw=="):
        blob.stage_block(block, block.encode())
    assert not blob.exists()
    blob.commit_block_list([BlobBlock("Yw=="), BlobBlock("YQ==")])
    assert blob.download_blob().readall() == b"Yw==YQ=="
    blob.stage_block("YQ==", b"new")
    blob.commit_block_list([BlobBlock("YQ=="), BlobBlock("Yw=="), BlobBlock("YQ==")])
    assert blob.download_blob().readall() == b"newYw==new"
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("Yg==")])
    assert caught.value.error_code == "InvalidBlockList"
    assert blob.download_blob().readall() == b"newYw==new"


def test_block_ids_of_another_length_are_refused(cloud, raw, writer):
    token = cloud.token(writer).get_token().token
    url = "https://stmlops.blob.core.windows.net/raw/b?comp=block&blockid="
    headers = {"authorization": f"Bearer {token}"}
    assert cloud.ask("PUT", f"{url}YQ%3D%3D", headers, b"1").status == 201
    for block, code in (("YWE%3D", None), ("YWFhYQ%3D%3D", "InvalidBlobOrBlock"), ("!", "Invalid")):
        answer = cloud.ask("PUT", f"{url}{block}", headers, b"1")
        assert answer.headers.get("x-ms-error-code", "").startswith(code or "")
        assert answer.status == (400 if code else 201)


def test_only_one_of_many_creators_wins(cloud, writer, raw):
    def create(number):
        client = cloud.client(cloud.token(writer)).get_blob_client("raw", "one")
        try:
            client.upload_blob(str(number).encode())
        except ResourceExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        won = [number for number in pool.map(create, range(16)) if number is not None]
    assert len(won) == 1
    assert raw.download_blob("one").readall() == str(won[0]).encode()


def test_of_many_changes_on_one_etag_one_happens(raw):
    blob = raw.get_blob_client("counted")
    blob.upload_blob(b"0")
    etag = blob.get_blob_properties().etag

    def change(number):
        try:
            blob.upload_blob(
                str(number).encode(),
                overwrite=True,
                etag=etag,
                match_condition=MatchConditions.IfNotModified,
            )
        except ResourceModifiedError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(change, range(16))) == 1


def test_conditions_of_reads(raw):
    blob = raw.get_blob_client("c")
    blob.upload_blob(b"x")
    etag = blob.get_blob_properties().etag
    with pytest.raises(HttpResponseError) as caught:
        blob.download_blob(etag=etag, match_condition=MatchConditions.IfModified)
    assert caught.value.status_code == 304
    with pytest.raises(ResourceModifiedError):
        blob.download_blob(etag='"other"', match_condition=MatchConditions.IfNotModified)
    late = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    with pytest.raises(HttpResponseError) as caught:
        blob.get_blob_properties(if_modified_since=late)
    assert caught.value.status_code == 304
    assert blob.download_blob(if_unmodified_since=late).readall() == b"x"


def test_an_append_blob_grows_and_refuses_what_it_should(raw):
    blob = raw.get_blob_client("log")
    blob.create_append_blob(metadata={"of": "steps"})
    for number in range(5):
        answer = blob.append_block(f"line {number}\n".encode())
        assert answer["blob_append_offset"] == str(number * 7)
        assert answer["blob_committed_block_count"] == number + 1
    assert blob.download_blob().readall().splitlines()[-1] == b"line 4"
    properties = blob.get_blob_properties()
    assert (properties.blob_type, properties.size) == (BlobType.APPENDBLOB, 35)
    assert properties.metadata == {"of": "steps"}
    for options, code in (
        ({"appendpos_condition": 3}, "AppendPositionConditionNotMet"),
        ({"maxsize_condition": 36}, "MaxBlobSizeConditionNotMet"),
    ):
        with pytest.raises(HttpResponseError) as caught:
            blob.append_block(b"more", **options)
        assert caught.value.error_code == code
    raw.upload_blob("plain", b"1")
    with pytest.raises(HttpResponseError) as caught:
        raw.get_blob_client("plain").append_block(b"2")
    assert caught.value.error_code == "InvalidBlobType"


def test_many_appenders_lose_nothing(raw):
    raw.get_blob_client("log").create_append_blob()
    with ThreadPoolExecutor(8) as pool:
        lines = [f"{number:03}\n".encode() for number in range(48)]
        list(pool.map(raw.get_blob_client("log").append_block, lines))
    assert sorted(raw.download_blob("log").readall().splitlines(keepends=True)) == lines


def test_metadata_and_headers_are_replaced_as_a_whole(raw):
    blob = raw.get_blob_client("h")
    blob.upload_blob(
        b"x",
        metadata={"a": "1", "b": "2"},
        content_settings=ContentSettings(content_type="text/csv", content_language="en"),
    )
    blob.set_blob_metadata({"c": "3"})
    before = blob.get_blob_properties()
    assert before.metadata == {"c": "3"}
    assert before.content_settings.content_type == "text/csv"
    blob.set_http_headers(ContentSettings(cache_control="no-store"))
    after = blob.get_blob_properties()
    assert after.content_settings.cache_control == "no-store"
    assert after.content_settings.content_language is None
    assert after.metadata == {"c": "3"}
    assert after.etag != before.etag
    assert after.creation_time == before.creation_time


@pytest.mark.parametrize("name", ["1a", "a-b", "a b"])
def test_metadata_that_is_no_identifier_is_refused(cloud, raw, writer, name):
    token = cloud.token(writer).get_token().token
    headers = {"authorization": f"Bearer {token}", "x-ms-blob-type": "BlockBlob"}
    url = "https://stmlops.blob.core.windows.net/raw/m"
    answer = cloud.ask("PUT", url, headers | {f"x-ms-meta-{name}": "v"}, b"1")
    assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "InvalidMetadata")


def test_copying_keeps_content_properties_and_conditions(raw):
    source = raw.get_blob_client("from é")
    source.upload_blob(b"x" * 1000, metadata={"k": "v"})
    target = raw.get_blob_client("to")
    answer = target.start_copy_from_url(source.url)
    assert answer["copy_status"] == "success"
    properties = target.get_blob_properties()
    assert (properties.size, properties.metadata) == (1000, {"k": "v"})
    assert properties.copy.status == "success"
    with pytest.raises(HttpResponseError) as caught:
        target.start_copy_from_url(f"{raw.url}/missing")
    assert caught.value.error_code == "CannotVerifyCopySource"
    with pytest.raises(HttpResponseError) as caught:
        target.start_copy_from_url(
            source.url, source_etag='"x"', source_match_condition=MatchConditions.IfNotModified
        )
    assert caught.value.error_code == "SourceConditionNotMet"
    target.start_copy_from_url(source.url, metadata={"new": "1"}, requires_sync=True)
    assert target.get_blob_properties().metadata == {"new": "1"}


def test_lists_are_paged_and_folded_without_gaps(raw):
    names = [f"{folder}/{number:02}" for folder in ("a", "b", "b.c", "c") for number in range(30)]
    names += ["a", "a0", "z"]
    for name in names:
        raw.upload_blob(name, b"")
    for size in (1, 7, 100):
        pages = list(raw.list_blobs(results_per_page=size).by_page())
        assert [blob.name for page in pages for blob in page] == sorted(names)
        walked = [found.name for found in raw.walk_blobs(results_per_page=size)]
        assert sorted(walked) == ["a", "a/", "a0", "b.c/", "b/", "c/", "z"]
    inside = [found.name for found in raw.walk_blobs(name_starts_with="b/", delimiter="/")]
    assert inside == [f"b/{number:02}" for number in range(30)]
    assert [found.name for found in raw.list_blobs(name_starts_with="b.")] == [
        f"b.c/{number:02}" for number in range(30)
    ]


def test_containers_are_listed_described_and_deleted_with_their_blobs(service):
    for name in ("aa1", "aa2", "bb1"):
        service.create_container(name, metadata={"of": name})
    pages = service.list_containers(include_metadata=True, results_per_page=2).by_page()
    assert [[one.name for one in page] for page in pages] == [["aa1", "aa2"], ["bb1"]]
    found = list(service.list_containers(name_starts_with="bb", include_metadata=True))
    assert found[0].metadata == {"of": "bb1"}
    container = service.get_container_client("bb1")
    container.set_container_metadata({"x": "y"})
    assert container.get_container_properties().metadata == {"x": "y"}
    container.upload_blob("a", b"1")
    container.delete_container()
    assert not container.exists()
    service.create_container("bb1")
    assert list(container.list_blobs()) == []
    with pytest.raises(ResourceExistsError):
        service.create_container("bb1")
    for name in ("UPPER", "a", "a--b", "-ab"):
        with pytest.raises(HttpResponseError) as caught:
            service.create_container(name)
        assert caught.value.error_code == "InvalidResourceName"


def test_a_missing_container_is_told_from_a_missing_blob(service, raw):
    for call, code in (
        (lambda: service.get_blob_client("nowhere", "a").upload_blob(b"1"), "ContainerNotFound"),
        (lambda: service.get_blob_client("nowhere", "a").download_blob(), "ContainerNotFound"),
        (lambda: raw.get_blob_client("a").download_blob(), "BlobNotFound"),
        (lambda: raw.get_blob_client("a").delete_blob(), "BlobNotFound"),
        (lambda: raw.get_blob_client("a").set_blob_metadata({}), "BlobNotFound"),
        (lambda: list(service.get_container_client("nowhere").list_blobs()), "ContainerNotFound"),
    ):
        with pytest.raises(ResourceNotFoundError) as caught:
            call()
        assert caught.value.error_code == code


def test_the_root_container_needs_no_name(cloud, service, writer):
    service.create_container("$root").upload_blob("top.txt", b"1")
    token = cloud.token(writer).get_token().token
    headers = {"authorization": f"Bearer {token}"}
    answer = cloud.ask("GET", "https://stmlops.blob.core.windows.net/top.txt", headers)
    assert answer.body == b"1"


def test_containers_made_by_the_client_are_resources_and_gone_with_them(cloud, service):
    made = service.create_container("shown")
    id_ = f"{cloud.account()['id']}/blobServices/default/containers/shown"
    assert cloud.store.get(id_)["properties"]["publicAccess"] == "None"
    made.delete_container()
    assert cloud.store.get(id_) is None


def test_what_is_not_imitated_is_refused_by_its_name(raw):
    blob = raw.get_blob_client("s")
    blob.upload_blob(b"1")
    for call, name in (
        (blob.create_snapshot, "Snapshot Blob"),
        (lambda: blob.set_blob_tags({"a": "b"}), "Blob Tags"),
        (lambda: blob.set_standard_blob_tier("Cool"), "Set Blob Tier"),
        (lambda: raw.get_blob_client("p").create_page_blob(512), "pages are not imitated"),
        (lambda: raw.delete_blobs("s"), "Blob Batch"),
    ):
        with pytest.raises(HttpResponseError, match=name):
            call()


def test_the_account_describes_itself(service, cloud, writer):
    information = service.get_account_information()
    assert information["sku_name"] == "Standard_ZRS"
    assert information["is_hns_enabled"] is False
    cloud.grant(writer, "acdd72a7-3385-48ef-bd42-f606fba81ae7")
    assert service.get_service_properties()["static_website"].enabled is False


def test_every_answer_carries_the_services_headers(cloud, raw):
    answer = cloud.ask(
        "GET", f"{raw.url}/x", {"x-ms-version": "2024-05-04", "authorization": "X y"}
    )
    assert answer.headers["x-ms-version"] == "2024-05-04"
    assert len(answer.headers["x-ms-request-id"]) == 36
    assert b"<Code>InvalidAuthenticationInfo</Code>" in answer.body
    assert answer.headers["x-ms-request-id"].encode() in answer.body


def test_a_damaged_document_is_refused(cloud, raw, writer):
    token = cloud.token(writer).get_token().token
    url = f"{raw.url}/x?comp=blocklist"
    for body in (b"<BlockList><Latest>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><BlockList/>", b""):
        answer = cloud.ask("PUT", url, {"authorization": f"Bearer {token}"}, body)
        assert (answer.status, answer.headers["x-ms-error-code"]) == (400, "InvalidXmlDocument")
