"""What activities do: copy a file of a lake as it is, and call a batch endpoint."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from emulator.arm.behaviours import Context, Services
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import batch_jobs
from emulator.azureml.text import workspace_of
from emulator.blob import datapath
from emulator.blob.errors import StorageError
from emulator.factories import ways
from emulator.factories.expressions import Scope, evaluate
from emulator.factories.problems import ActivityError
from emulator.login.callers import PRIVATE, Caller, Principal

Json = dict[str, Any]
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_LAKE, _LOCATION, _DATASET = "AzureBlobFS", "AzureBlobFSLocation", "Binary"
_AUDIENCE = "https://ml.azure.com"


@dataclass(frozen=True)
class Work:
    """One activity about to be done."""

    services: Services
    factory: Resource
    activity: Json
    scope: Scope

    @property
    def settings(self) -> Json:
        return self.activity.get("typeProperties") or {}


@dataclass(frozen=True)
class _File:
    account: Resource
    container: str
    name: str
    principal: Principal

    @property
    def text(self) -> str:
        return f"{self.container}/{self.name}"


def copy(work: Work) -> Json:
    """Copy one file between zones of a lake; gives what monitoring shows of it."""
    settings = work.settings
    _need_kind(settings.get("source"), "BinarySource", "source", "AzureBlobFSReadSettings")
    _need_kind(settings.get("sink"), "BinarySink", "sink", "AzureBlobFSWriteSettings")
    source = _file(work, work.activity.get("inputs"), "read")
    sink = _file(work, work.activity.get("outputs"), "write")
    blobs = work.services.blobs
    found = blobs.info(source.account["name"], source.container, source.name)
    if found is None:
        msg = f"The file {source.text} was not found in {source.account['name']}."
        raise ActivityError("PathNotFound", msg)
    if blobs.container(sink.account["name"], sink.container) is None:
        msg = f"The file system {sink.container} was not found in {sink.account['name']}."
        raise ActivityError("PathNotFound", msg)
    content = blobs.content(found)
    made = blobs.put(sink.account["name"], sink.container, sink.name, content)
    output: Json = {
        "dataRead": found.size,
        "dataWritten": made.size,
        "filesRead": 1,
        "filesWritten": 1,
        "errors": [],
    }
    if settings.get("validateDataConsistency"):
        ours, theirs = (
            hashlib.sha256(blobs.content(one).read_bytes()).digest() for one in (found, made)
        )
        if ours != theirs:
            raise ActivityError("DataConsistencyError", f"{sink.text} differs from {source.text}.")
        output["dataConsistencyVerification"] = {"VerificationResult": "Verified"}
    return output


def call(work: Work) -> Json:
    """Send a request to a batch endpoint as the factory's identity; gives the answer."""
    settings = evaluate(work.settings, work.scope)
    method, url = str(settings.get("method") or "").upper(), urlsplit(str(settings.get("url")))
    endpoint = _endpoint(work.services, url.hostname or "")
    if method != "POST" or url.path.rstrip("/") != "/jobs":
        msg = f"A batch endpoint takes POST on /jobs, found {method} on {url.path}."
        raise ActivityError("2108", msg)
    principal = _signed_in(work, settings.get("authentication"))
    workspace = work.services.store.get(workspace_of(endpoint["id"])) or endpoint
    via = settings.get("connectVia") or work.activity.get("connectVia")
    ways.check_way(work.services.store, work.factory, via, workspace, "amlworkspace")
    body = settings.get("body")
    try:
        sent = json.loads(body) if isinstance(body, str) else body
    except ValueError as error:
        raise ActivityError("2108", f"The body is not JSON: {error}") from error
    if not isinstance(sent, dict):
        raise ActivityError("2108", f"The body is {sent!r}; a batch endpoint takes an object.")
    headers = {str(k).lower(): str(v) for k, v in (settings.get("headers") or {}).items()}
    # the way was checked above: behind it, the call comes out in the endpoint's network
    ctx = Context(work.services.store, Caller(PRIVATE, principal), work.services)
    try:
        answer = batch_jobs.invoke(ctx, endpoint, headers.get("azureml-model-deployment"), sent)
    except ArmError as error:
        msg = (
            f"Invoking Web activity failed with HttpStatusCode - '{error.status}', message -"
            f" '{error.message}'"
        )
        raise ActivityError("2108", msg) from error
    return {**answer, "ADFWebActivityResponseHeaders": {"Content-Type": "application/json"}}


def _signed_in(work: Work, given: Mapping[str, Any] | None) -> Principal:
    kind = str((given or {}).get("type") or "none")
    if given is None or kind not in ("MSI", "UserAssignedManagedIdentity"):
        msg = f"Web activities sign in with a managed identity here, found {kind}."
        raise ActivityError("2108", msg)
    audience = str(given.get("resource") or "").rstrip("/")
    if audience != _AUDIENCE:
        msg = (
            "Invoking Web activity failed with HttpStatusCode - '401', message - 'the token is for"
            f" {audience!r}; batch endpoints take tokens for {_AUDIENCE!r}'"
        )
        raise ActivityError("2108", msg)
    credential = given.get("credential") if kind == "UserAssignedManagedIdentity" else None
    if kind == "UserAssignedManagedIdentity" and credential is None:
        raise ActivityError("2108", "The authentication names no credential.")
    return ways.identity(work.services, work.factory, credential)


def _endpoint(services: Services, host: str) -> Resource:
    name, _, rest = host.partition(".")
    region, _, tail = rest.partition(".")
    for found in services.store.find(batch_jobs.TYPE, name):
        if tail == "inference.ml.azure.com" and found.get("location") == region:
            return found
    msg = f"The host {host!r} is no batch endpoint; Web activities call those alone here."
    raise ActivityError("2108", msg)


def _need_kind(given: Json | None, kind: str, what: str, store: str) -> None:
    found = str((given or {}).get("type"))
    settings = str(((given or {}).get("storeSettings") or {"type": store}).get("type"))
    if found != kind or settings != store:
        msg = f"The {what} is {found} with {settings}; {kind} with {store} is run here."
        raise ActivityError("UserErrorNotSupported", msg)


def _file(work: Work, references: list[Json] | None, verb: str) -> _File:
    """The file that a data set names, which the factory may reach and use."""
    store, factory = work.services.store, work.factory
    if not references or len(references) != 1:
        raise ActivityError("UserErrorNotSupported", "A copy has one input and one output.")
    document = ways.part(store, factory, "datasets", references[0])
    properties = document["properties"]
    given = evaluate(references[0].get("parameters") or {}, work.scope)
    known = properties.get("parameters") or {}
    defaults = {name: spec.get("defaultValue") for name, spec in known.items()}
    scope = Scope({"dataset": {**defaults, **given}})
    location = evaluate((properties.get("typeProperties") or {}).get("location") or {}, scope)
    if properties.get("type") != _DATASET or location.get("type") != _LOCATION:
        msg = (
            f"The data set {document['name']!r} is {properties.get('type')} at"
            f" {location.get('type')}; {_DATASET} at {_LOCATION} is copied here."
        )
        raise ActivityError("UserErrorNotSupported", msg)
    service = ways.part(store, factory, "linkedservices", properties.get("linkedServiceName"))
    account, principal = _lake(work, service)
    folder = str(location.get("folderPath") or "").strip("/")
    name = f"{folder}/{location.get('fileName') or ''}".strip("/")
    file = _File(account, str(location.get("fileSystem") or ""), name, principal)
    scope_id = datapath.scope_of(account, file.container)
    try:
        datapath.check_role(store, principal, scope_id, [f"{_BLOBS}/{verb}"], data=True)
    except StorageError as error:
        raise ActivityError("UserErrorFailedFileOperation", error.message) from error
    return file


def _lake(work: Work, service: Resource) -> tuple[Resource, Principal]:
    properties = service["properties"]
    inner = properties.get("typeProperties") or {}
    if properties.get("type") != _LAKE or "credential" not in inner:
        msg = (
            f"The linked service {service['name']!r} is {properties.get('type')}; {_LAKE} with a"
            " credential is used here."
        )
        raise ActivityError("UserErrorNotSupported", msg)
    host = urlsplit(str(inner.get("url"))).hostname or ""
    try:
        account = datapath.find_account(work.services.store, host.partition(".")[0])
    except StorageError as error:
        raise ActivityError("UserErrorFailedFileOperation", error.message) from error
    via = properties.get("connectVia")
    ways.check_way(work.services.store, work.factory, via, account, "dfs")
    return account, ways.identity(work.services, work.factory, inner["credential"])
