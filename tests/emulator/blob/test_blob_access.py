"""Who gets at blobs, by which way, and with what code everybody else is refused."""

import datetime as dt
from email.utils import formatdate

import pytest
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    AccessPolicy,
    AccountSasPermissions,
    BlobClient,
    BlobSasPermissions,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from emulator.blob import datapath
from emulator.blob.errors import StorageError
from emulator.login.callers import Caller
from tests.emulator.blob.conftest import (
    ACCOUNTS,
    CONTRIBUTOR,
    DATA_OWNER,
    GROUP,
    READER,
)

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
DELEGATOR = "db58b8e5-c6ad-4a2a-8342-4190687cbf4a"
HOUR = dt.timedelta(hours=1)
URL = "https://stmlops.blob.core.windows.net"
RAW = f"{ACCOUNTS}/stmlops/blobServices/default/containers/raw"


def now():
    return dt.datetime.now(dt.UTC)


def refused(code, call):
    with pytest.raises(HttpResponseError) as caught:
        call()
    assert caught.value.error_code == code, caught.value
    return caught.value


@pytest.fixture
def blob(raw):
    """A blob that somebody else wrote."""
    raw.upload_blob("a/b.txt", b"hello")
    return "a/b.txt"


# Tokens


def test_a_reader_reads_and_does_nothing_else(cloud, blob):
    reader = cloud.client(cloud.token(cloud.principal("reader", READER)))
    container = reader.get_container_client("raw")
    assert container.download_blob(blob).readall() == b"hello"
    assert [one.name for one in container.list_blobs()] == [blob]
    code = "AuthorizationPermissionMismatch"
    error = refused(code, lambda: container.upload_blob("new", b"1"))
    assert "reader" in str(error)
    assert "blobs/write" in str(error)
    assert "Storage Blob Data Reader" in str(error)
    refused(code, lambda: container.delete_blob(blob))
    refused(code, lambda: container.get_blob_client(blob).set_blob_metadata({}))
    refused(code, lambda: container.get_blob_client(blob).acquire_lease())
    refused(code, lambda: reader.create_container("other"))
    refused(code, container.delete_container)


def test_a_role_on_one_container_opens_no_other(cloud, service, blob):
    service.create_container("second").upload_blob("x", b"1")
    who = cloud.principal("narrow", READER, scope=RAW.upper())
    narrow = cloud.client(cloud.token(who))
    assert narrow.get_blob_client("raw", blob).download_blob().readall() == b"hello"
    code = "AuthorizationPermissionMismatch"
    refused(code, lambda: narrow.get_blob_client("second", "x").download_blob())
    refused(code, lambda: list(narrow.list_containers()))


def test_an_owner_of_the_subscription_has_no_data_without_a_data_role(cloud, blob):
    owner = cloud.principal("owner", OWNER, scope="/subscriptions/" + ACCOUNTS.split("/")[2])
    client = cloud.client(cloud.token(owner))
    assert "raw" in [one.name for one in client.list_containers()]
    code = "AuthorizationPermissionMismatch"
    refused(code, lambda: client.get_blob_client("raw", blob).download_blob())
    cloud.grant(owner, READER)
    assert client.get_blob_client("raw", blob).download_blob().readall() == b"hello"


def test_a_token_for_something_else_is_refused(cloud, writer, blob):
    for audience in ("https://management.azure.com", "https://vault.azure.net"):
        client = cloud.client(cloud.token(writer, audience)).get_blob_client("raw", blob)
        error = refused("InvalidAuthenticationInfo", client.exists)
        assert error.status_code == 401
    own = cloud.client(cloud.token(writer, URL))
    assert own.get_blob_client("raw", blob).exists()


def test_a_token_signed_elsewhere_or_by_nobody_is_refused(cloud, writer, blob):
    good = cloud.token(writer).get_token().token
    head, body, signature = good.split(".")
    stranger = cloud.services.tokens.issue(
        type(writer)("00000000-0000-0000-0000-000000000000", "User", "x", None), datapath.AUDIENCE
    )
    for token in (f"{head}.{body}.{signature[:-3]}AAA", f"{head}.{body}.", "x", stranger):
        answer = cloud.ask("GET", f"{URL}/raw/{blob}", {"authorization": f"Bearer {token}"})
        assert answer.status == 401
        assert answer.headers["x-ms-error-code"] == "InvalidAuthenticationInfo"
        assert answer.headers["www-authenticate"].startswith("Bearer authorization_uri=https://")


def test_plain_http_and_unknown_accounts_are_refused(cloud, writer, blob):
    token = f"Bearer {cloud.token(writer).get_token().token}"
    plain = cloud.ask("GET", f"http://stmlops.blob.core.windows.net/raw/{blob}")
    assert plain.headers["x-ms-error-code"] == "AccountRequiresHttps"
    other = cloud.ask("GET", f"{URL.replace('stmlops', 'stnobody')}/c/b", {"authorization": token})
    assert (other.status, other.headers["x-ms-error-code"]) == (404, "ResourceNotFound")
    assert b"stnobody.blob.core.windows.net" in other.body


# Places


def test_a_place_is_checked_before_anything_else(cloud, writer, blob):
    cloud.account(publicNetworkAccess="Disabled")
    for credential in (cloud.token(writer), cloud.key(), None):
        client = cloud.client(credential, place="internet").get_blob_client("raw", blob)
        error = refused("AuthorizationFailure", client.exists)
        assert error.status_code == 403
    for place in ("internet", "private", "elsewhere"):
        answer = cloud.ask("GET", f"{URL}/raw/{blob}", place=place)
        assert answer.status == 403
        assert b"publicNetworkAccess is Disabled" in answer.body


def test_a_job_is_checked_by_identity_place_and_container(cloud, blob):
    cloud.account(publicNetworkAccess="Disabled")
    workspace = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/mlw"
    cloud.store.put(
        {
            "id": workspace,
            "properties": {
                "storageAccount": f"{ACCOUNTS}/stmlops",
                "managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"},
            },
        }
    )
    who = cloud.principal("cluster", READER, scope=RAW)
    inside = Caller(f"workspace:{workspace}", who)
    base = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
    datapath.authorize(cloud.store, inside, "stmlops", "raw", f"{base}/read")
    for caller, account, action, code in (
        (inside, "stmlops", f"{base}/write", "AuthorizationPermissionMismatch"),
        (Caller("internet", who), "stmlops", f"{base}/read", "AuthorizationFailure"),
        (Caller(inside.place, None), "stmlops", f"{base}/read", "NoAuthenticationInformation"),
        (inside, "stother", f"{base}/read", "ResourceNotFound"),
    ):
        with pytest.raises(StorageError) as caught:
            datapath.authorize(cloud.store, caller, account, "raw", action)
        assert caught.value.code == code


# Keys


@pytest.mark.parametrize("number", [0, 1])
def test_either_key_opens_everything(cloud, blob, number):
    client = cloud.client(cloud.key(number=number))
    container = client.get_container_client("raw")
    container.upload_blob("k ü+%.txt", b"1" * 100, metadata={"a_b": "1", "a": "2", "ab": "3"})
    assert container.download_blob("k ü+%.txt", offset=1, length=5).readall() == b"11111"
    assert len(list(container.list_blobs(include=["metadata"], results_per_page=1))) == 2
    assert "raw" in [one.name for one in client.list_containers()]
    container.delete_blob(blob)


def test_an_old_key_is_worthless_after_a_new_one_was_made(cloud, blob):
    old = cloud.key()
    cloud.account(keyGenerations=[1, 0])
    error = refused(
        "AuthenticationFailed", lambda: cloud.client(old).get_blob_client("raw", blob).exists()
    )
    assert error.status_code == 403
    assert cloud.client(cloud.key()).get_blob_client("raw", blob).exists()


def test_keys_and_what_they_signed_are_refused_where_keys_are_off(cloud, blob):
    key, sas = cloud.key(), container_sas(cloud)
    cloud.account(allowSharedKeyAccess=False)
    code = "KeyBasedAuthenticationNotPermitted"
    for credential in (key, sas, account_sas(key)):
        client = cloud.client(credential).get_blob_client("raw", blob)
        error = refused(code, client.download_blob)
        assert error.status_code == 403


def test_a_request_changed_after_it_was_signed_is_refused(cloud, blob):
    key = cloud.key()
    client = BlobClient(URL, "raw", blob, credential=key)
    headers = signed_headers(client, "GET", f"{URL}/raw/{blob}")
    assert cloud.ask("GET", f"{URL}/raw/{blob}", headers).status == 200
    for method, url, more in (
        ("DELETE", f"{URL}/raw/{blob}", {}),
        ("GET", f"{URL}/raw/{blob}x", {}),
        ("GET", f"{URL}/raw/{blob}?comp=metadata", {}),
        ("GET", f"{URL}/raw/{blob}", {"x-ms-range": "bytes=0-1"}),
        ("GET", f"{URL}/raw/{blob}", {"authorization": "SharedKey other:" + "A" * 43 + "="}),
        ("GET", f"{URL}/raw/{blob}", {"authorization": "SharedKey stmlops:not base64"}),
        ("GET", f"{URL}/raw/{blob}", {"authorization": "SharedKey"}),
    ):
        answer = cloud.ask(method, url, headers | more)
        assert (answer.status, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    stale = signed_headers(client, "GET", f"{URL}/raw/{blob}", formatdate(0, usegmt=True))
    answer = cloud.ask("GET", f"{URL}/raw/{blob}", stale)
    assert b"Request date header too old" in answer.body
    lite = cloud.ask("GET", f"{URL}/raw/{blob}", {"authorization": "SharedKeyLite stmlops:x"})
    assert (lite.status, lite.headers["x-ms-error-code"]) == (400, "InvalidAuthenticationInfo")


def signed_headers(client, method, url, date=None):
    """What the client's own policy would send."""
    from azure.core.pipeline import PipelineContext, PipelineRequest  # noqa: PLC0415 - one use
    from azure.core.pipeline.transport import HttpRequest  # noqa: PLC0415 - one use

    headers = {"x-ms-date": date or formatdate(usegmt=True), "x-ms-version": "2024-05-04"}
    request = PipelineRequest(HttpRequest(method, url, headers=headers), PipelineContext(None))
    request.context.transport = None
    from azure.storage.blob._shared.authentication import (  # noqa: PLC0415 - one use
        SharedKeyCredentialPolicy,
    )

    SharedKeyCredentialPolicy("stmlops", client.credential.account_key).on_request(request)
    return dict(request.http_request.headers)


# Signatures


def container_sas(cloud, permission="rl", *, name="raw", **options):
    options.setdefault("expiry", now() + HOUR)
    return generate_container_sas(
        "stmlops",
        name,
        account_key=cloud.key(),
        permission=ContainerSasPermissions.from_string(permission),
        **options,
    )


def account_sas(key, permission="rl", types="sco", **options):
    options.setdefault("expiry", now() + HOUR)
    return generate_account_sas(
        "stmlops",
        key,
        ResourceTypes.from_string(types),
        AccountSasPermissions.from_string(permission),
        **options,
    )


def test_a_container_signature_opens_what_its_letters_say(cloud, blob):
    container = cloud.client(container_sas(cloud)).get_container_client("raw")
    assert container.download_blob(blob).readall() == b"hello"
    assert [one.name for one in container.list_blobs()] == [blob]
    code = "AuthorizationPermissionMismatch"
    refused(code, lambda: container.upload_blob("new", b"1"))
    refused(code, lambda: container.delete_blob(blob))
    refused("AuthorizationResourceTypeMismatch", container.delete_container)
    refused("AuthorizationResourceTypeMismatch", container.get_container_properties)
    refused(
        "AuthenticationFailed",
        lambda: (
            cloud.client(container_sas(cloud, name="other")).get_blob_client("raw", blob).exists()
        ),
    )


def test_a_signature_to_create_does_not_overwrite(cloud, blob):
    container = cloud.client(container_sas(cloud, "c")).get_container_client("raw")
    container.upload_blob("new", b"1")
    code = "UnauthorizedBlobOverwrite"
    refused(code, lambda: container.upload_blob(blob, b"1", overwrite=True))
    writing = cloud.client(container_sas(cloud, "w")).get_container_client("raw")
    writing.upload_blob(blob, b"2", overwrite=True)


def test_a_blob_signature_opens_one_blob(cloud, raw, blob):
    raw.upload_blob("other", b"1")
    sas = generate_blob_sas(
        "stmlops",
        "raw",
        blob,
        account_key=cloud.key(),
        permission=BlobSasPermissions(read=True, write=True),
        expiry=now() + HOUR,
        content_type="text/csv",
    )
    client = cloud.client(sas)
    assert client.get_blob_client("raw", blob).download_blob().readall() == b"hello"
    code = "AuthenticationFailed"
    refused(code, lambda: client.get_blob_client("raw", "other").download_blob())
    refused(code, lambda: list(client.get_container_client("raw").list_blobs()))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"expiry": now() - HOUR}, "AuthenticationFailed"),
        ({"start": now() + HOUR, "expiry": now() + 2 * HOUR}, "AuthenticationFailed"),
        ({"protocol": "http"}, "AuthorizationProtocolMismatch"),
        ({"ip": "203.0.113.7"}, "AuthorizationSourceIPMismatch"),
        ({"policy_id": "missing"}, "AuthenticationFailed"),
    ],
)
def test_a_signature_for_another_time_or_way_is_refused(cloud, blob, options, code):
    client = cloud.client(container_sas(cloud, **options)).get_blob_client("raw", blob)
    assert refused(code, client.download_blob).status_code == 403


def test_a_signature_may_be_for_addresses(cloud, blob):
    sas = container_sas(cloud, ip="203.0.113.7-203.0.113.9")
    inside = cloud.client(sas, place="203.0.113.8").get_blob_client("raw", blob)
    assert inside.download_blob().readall() == b"hello"
    for place in ("203.0.113.10", "private", "2001:db8::1"):
        outside = cloud.client(sas, place=place).get_blob_client("raw", blob)
        refused("AuthorizationSourceIPMismatch", outside.download_blob)


@pytest.mark.parametrize("part", ["sp=rwdl", "se=2999-01-01T00%3A00%3A00Z", "sig=AAAA", "sr=b"])
def test_a_signature_cannot_be_changed(cloud, blob, part):
    fields = dict(one.split("=", 1) for one in container_sas(cloud).split("&"))
    name, value = part.split("=", 1)
    query = "&".join(f"{k}={v}" for k, v in (fields | {name: value}).items())
    answer = cloud.ask("GET", f"{URL}/raw/{blob}?{query}")
    assert (answer.status, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def test_an_account_signature_is_bound_to_types_services_and_letters(cloud, blob):
    key = cloud.key()
    whole = cloud.client(account_sas(key, "rwdlac"))
    assert "raw" in [one.name for one in whole.list_containers()]
    whole.create_container("made").upload_blob("x", b"1")
    whole.delete_container("made")
    objects = cloud.client(account_sas(key, "r", "o"))
    assert objects.get_blob_client("raw", blob).exists()
    code = "AuthorizationResourceTypeMismatch"
    refused(code, lambda: list(objects.list_containers()))
    refused(code, lambda: list(objects.get_container_client("raw").list_blobs()))
    reading = cloud.client(account_sas(key, "r"))
    code = "AuthorizationPermissionMismatch"
    refused(code, lambda: reading.get_container_client("raw").upload_blob("n", b""))
    from azure.storage.blob import Services  # noqa: PLC0415 - one use

    queues = account_sas(key, services=Services(queue=True))
    code = "AuthorizationServiceMismatch"
    refused(code, lambda: cloud.client(queues).get_blob_client("raw", blob).exists())


def test_a_stored_policy_gives_and_takes(cloud, service, blob):
    boss = cloud.client(cloud.token(cloud.principal("boss", DATA_OWNER)))
    container = boss.get_container_client("raw")
    policy = AccessPolicy(permission="r", expiry=now() + HOUR, start=now() - HOUR)
    container.set_container_access_policy({"readers": policy})
    shown = container.get_container_access_policy()
    assert [one.id for one in shown["signed_identifiers"]] == ["readers"]
    sas = generate_container_sas("stmlops", "raw", account_key=cloud.key(), policy_id="readers")
    reader = cloud.client(sas).get_blob_client("raw", blob)
    assert reader.download_blob().readall() == b"hello"
    refused("AuthorizationPermissionMismatch", lambda: reader.upload_blob(b"1", overwrite=True))
    twice = container_sas(cloud, "r", policy_id="readers")
    refused("AuthenticationFailed", cloud.client(twice).get_blob_client("raw", blob).exists)
    container.set_container_access_policy({})
    refused("AuthenticationFailed", reader.download_blob)


# User delegation


@pytest.fixture
def delegated(cloud, blob):
    """Make a signature with a key that a principal got for themselves."""

    def make(who, permission="r", *, ends=HOUR, key_ends=HOUR, **options):
        service = cloud.client(cloud.token(who))
        key = service.get_user_delegation_key(now() - HOUR, now() + key_ends)
        return generate_container_sas(
            "stmlops",
            "raw",
            user_delegation_key=key,
            permission=ContainerSasPermissions.from_string(permission),
            expiry=now() + ends,
            **options,
        )

    return make


def test_a_delegated_signature_works_where_keys_are_off(cloud, writer, delegated, blob):
    cloud.account(allowSharedKeyAccess=False)
    container = cloud.client(delegated(writer, "rwl")).get_container_client("raw")
    assert container.download_blob(blob).readall() == b"hello"
    container.upload_blob("new", b"1")
    refused("AuthorizationPermissionMismatch", lambda: container.delete_blob(blob))


def test_a_delegated_signature_gives_no_more_than_its_signer_has(cloud, delegated, blob):
    reader = cloud.principal("reader", READER)
    container = cloud.client(delegated(reader, "rwdl")).get_container_client("raw")
    assert container.download_blob(blob).readall() == b"hello"
    code = "AuthorizationPermissionMismatch"
    refused(code, lambda: container.upload_blob("new", b"1"))
    cloud.store.delete(cloud.store.find("Microsoft.Authorization/roleAssignments")[-1]["id"])
    refused(code, lambda: container.download_blob(blob))


def test_a_delegator_alone_may_sign_and_read_nothing(cloud, delegated, blob):
    client = cloud.client(delegated(cloud.principal("delegator", DELEGATOR)))
    code = "AuthorizationPermissionMismatch"
    refused(code, client.get_blob_client("raw", blob).download_blob)


def test_a_key_is_given_to_signed_in_callers_for_a_week_at_most(cloud, writer, blob):
    nobody = cloud.principal("nobody")
    code = "AuthorizationPermissionMismatch"
    refused(code, lambda: cloud.client(cloud.token(nobody)).get_user_delegation_key(now(), now()))
    by_key = cloud.client(cloud.key())
    refused(code, lambda: by_key.get_user_delegation_key(now(), now() + HOUR))
    service = cloud.client(cloud.token(writer))
    for ends in (now() - HOUR, now() + dt.timedelta(days=8)):
        start = now() - 2 * HOUR
        with pytest.raises(HttpResponseError) as caught:
            service.get_user_delegation_key(start, ends)
        assert caught.value.error_code == "InvalidXmlNodeValue"


def test_a_delegated_signature_ends_with_its_key_and_cannot_be_forged(
    cloud, writer, delegated, blob
):
    good = delegated(writer)
    other = cloud.principal("other", CONTRIBUTOR)
    fields = dict(one.split("=", 1) for one in good.split("&"))
    for change in ({"skoid": other.object_id}, {"ske": "2999-01-01T00%3A00%3A00Z"}):
        query = "&".join(f"{k}={v}" for k, v in (fields | change).items())
        answer = cloud.ask("GET", f"{URL}/raw/{blob}?{query}")
        assert (answer.status, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")


def test_a_delegated_signature_for_one_user_wants_them_signed_in(cloud, writer, delegated, blob):
    friend = cloud.principal("friend")
    options = {"user_delegation_oid": friend.object_id}
    sas = delegated(writer, **options)
    url = f"{URL}/raw/{blob}?{sas}"
    assert cloud.ask("GET", url).status == 403
    for who, status in ((friend, 200), (writer, 403)):
        token = cloud.token(who).get_token().token
        assert cloud.ask("GET", url, {"authorization": f"Bearer {token}"}).status == status


# Everybody


def test_everybody_reads_only_where_account_and_container_let_them(cloud, blob):
    anonymous = cloud.client(None)
    code = "NoAuthenticationInformation"
    assert refused(code, anonymous.get_blob_client("raw", blob).download_blob).status_code == 401
    boss = cloud.client(cloud.token(cloud.principal("boss", DATA_OWNER)))
    container = boss.get_container_client("raw")
    level = {"public_access": "container"}
    refused("PublicAccessNotPermitted", lambda: container.set_container_access_policy({}, **level))
    cloud.account(allowBlobPublicAccess=True)
    container.set_container_access_policy({}, public_access="blob")
    assert anonymous.get_blob_client("raw", blob).download_blob().readall() == b"hello"
    refused(code, lambda: list(anonymous.get_container_client("raw").list_blobs()))
    container.set_container_access_policy({}, **level)
    assert len(list(anonymous.get_container_client("raw").list_blobs())) == 1
    refused(code, lambda: anonymous.get_blob_client("raw", "new").upload_blob(b"1"))
    cloud.account(allowBlobPublicAccess=False)
    refused(code, anonymous.get_blob_client("raw", blob).download_blob)


def test_what_arm_says_of_public_access_counts(cloud, blob):
    cloud.account(allowBlobPublicAccess=True)
    resource = cloud.store.get(RAW)
    resource["properties"]["publicAccess"] = "Blob"
    cloud.store.put(resource)
    assert cloud.ask("GET", f"{URL}/raw/{blob}").body == b"hello"


def test_old_clients_are_told_that_there_is_nothing(cloud, blob):
    hidden = cloud.ask("GET", f"{URL}/raw/{blob}")
    assert hidden.headers["x-ms-error-code"] == "PublicAccessNotPermitted"
    cloud.account(allowBlobPublicAccess=True)
    hidden = cloud.ask("GET", f"{URL}/raw/{blob}")
    assert (hidden.status, hidden.headers["x-ms-error-code"]) == (404, "ResourceNotFound")


def test_a_copy_needs_the_right_to_read_its_source(cloud, service, raw, blob):
    service.create_container("target")
    who = cloud.principal("copier", CONTRIBUTOR, scope=RAW.replace("/raw", "/target"))
    client = cloud.client(cloud.token(who)).get_blob_client("target", "x")
    source = f"{URL}/raw/{blob}"
    refused("AuthorizationPermissionMismatch", lambda: client.start_copy_from_url(source))
    client.start_copy_from_url(f"{source}?{container_sas(cloud, 'r')}")
    assert service.get_blob_client("target", "x").download_blob().readall() == b"hello"
    sas = container_sas(cloud, "w", name="target")
    writing = cloud.client(sas).get_blob_client("target", "y")
    with pytest.raises(HttpResponseError):
        writing.start_copy_from_url(source)
    writing.start_copy_from_url(f"{source}?{container_sas(cloud, 'r')}")
