"""The blob service on `*.blob.core.windows.net`, for block and append blobs."""

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from email.utils import formatdate
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.responses import Response

from emulator.blob import blob_calls, block_calls, container_calls, datapath, service_calls
from emulator.blob import operations as op
from emulator.blob.ask import Ask
from emulator.blob.blocks import LostRaceError
from emulator.blob.errors import StorageError, no_container
from emulator.blob.model import MissingContainerError
from emulator.server.hosts import Call, host_route

_CONTAINER = re.compile(r"^(\$root|\$web|\$logs|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$")
_NAME_LENGTH = 1024
_NAME_PARTS = 254
VERSION = "2021-12-02"

_RUN: Mapping[op.Operation, Callable[[Ask], Awaitable[Response]]] = {
    op.GET_KEY: service_calls.get_key,
    op.LIST_CONTAINERS: service_calls.list_containers,
    op.SERVICE_PROPERTIES: service_calls.properties,
    op.ACCOUNT_INFO: service_calls.account_info,
    op.CREATE_CONTAINER: container_calls.create,
    op.DELETE_CONTAINER: container_calls.delete,
    op.GET_CONTAINER: container_calls.get,
    op.SET_CONTAINER: container_calls.set_metadata,
    op.GET_ACL: container_calls.get_acl,
    op.SET_ACL: container_calls.set_acl,
    op.LEASE_CONTAINER: container_calls.lease,
    op.LIST_BLOBS: container_calls.list_blobs,
    op.GET_BLOB: blob_calls.get,
    op.PUT_BLOB: blob_calls.put,
    op.PUT_BLOCK: block_calls.put_block,
    op.PUT_BLOCKS: block_calls.put_blocks,
    op.GET_BLOCKS: block_calls.get_blocks,
    op.APPEND: block_calls.append,
    op.SET_METADATA: blob_calls.set_metadata,
    op.SET_HEADERS: blob_calls.set_headers,
    op.LEASE_BLOB: blob_calls.lease,
    op.COPY: blob_calls.copy,
    op.DELETE_BLOB: blob_calls.delete,
}


@host_route("*.blob.core.windows.net")
async def handle(request: Request, call: Call) -> Response:
    """Answer the blob host; a refusal has the service's XML body and error code."""
    id_ = str(uuid.uuid4())
    try:
        response = await _answer(request, call)
    except StorageError as refusal:
        response = _refused(request, call, refusal, id_)
    response.headers["x-ms-request-id"] = id_
    response.headers["x-ms-version"] = request.headers.get("x-ms-version", VERSION)
    response.headers["date"] = formatdate(usegmt=True)
    if "x-ms-client-request-id" in request.headers:
        response.headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
    return response


def _refused(request: Request, call: Call, refusal: StorageError, id_: str) -> Response:
    silent = request.method == "HEAD" or refusal.status == 304
    body = "" if silent else refusal.body(id_)
    response = Response(body, refusal.status, media_type="application/xml")
    response.headers["x-ms-error-code"] = refusal.code
    if refusal.status == 401:
        tenant = call.services.tokens.tenant_id
        response.headers["www-authenticate"] = (
            f"Bearer authorization_uri=https://login.microsoftonline.com/{tenant}"
            f"/oauth2/authorize resource_id={datapath.AUDIENCE}"
        )
    return response


async def _answer(request: Request, call: Call) -> Response:
    if request.url.scheme != "https":
        raise StorageError(
            400, "AccountRequiresHttps", "The account being accessed does not support http."
        )
    host = request.headers["host"].partition(":")[0]
    account = datapath.find_account(call.store, host.partition(".")[0])
    container, name = _path(request)
    operation = op.operation_of(request, container, name)
    if operation is None:
        raise StorageError(
            400,
            "UnsupportedQueryParameter",
            "One of the query parameters specified in the request URI is not supported. (Local "
            f"Azure: {op.missing_name(request)} is not imitated.)",
        )
    access = datapath.check(request, call, account, operation, (container, name))
    if container and not _CONTAINER.match(container):
        raise StorageError(
            400,
            "InvalidResourceName",
            "The specified resource name contains invalid characters. (Local Azure: the container "
            f"name {container!r}; wanted: 3 to 63 lower-case letters, digits and single hyphens.)",
        )
    if len(name) > _NAME_LENGTH or name.count("/") > _NAME_PARTS:
        raise StorageError(
            400,
            "InvalidResourceName",
            "The specified resource name contains invalid characters. (Local Azure: a blob's name "
            f"has at most {_NAME_LENGTH} characters and {_NAME_PARTS} segments.)",
        )
    ask = Ask(request, call, account, container, name, access.may_overwrite)
    try:
        return await _RUN[operation](ask)
    except MissingContainerError as error:
        raise no_container() from error
    except LostRaceError as error:
        raise StorageError(
            503, "ServerBusy", "The blob is written by somebody else at the same time."
        ) from error


def _path(request: Request) -> tuple[str, str]:
    """Return container and blob of a request; a blob without container is in `$root`."""
    raw = request.scope["raw_path"].decode("ascii").partition("?")[0].removeprefix("/")
    try:
        container, slash, name = unquote_to_bytes(raw).decode().partition("/")
    except UnicodeDecodeError as error:
        raise StorageError(400, "InvalidUri", "The requested URI is no UTF-8.") from error
    if container and not slash and "restype" not in request.query_params:
        return "$root", container
    return container, name
