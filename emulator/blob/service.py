"""The blob service on `*.blob.core.windows.net`, for block and append blobs."""

import re
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from emulator.arm.store import Resource
from emulator.blob import conditions, datapath, listing, signatures
from emulator.blob import operations as op
from emulator.blob.errors import StorageError
from emulator.blob.storage import APPEND_BLOB, BlobInfo, BlobStorage, MissingContainerError, md5
from emulator.blob.storage import read_range as read
from emulator.server.hosts import Call, host_route

_CONTAINER = re.compile(r"^(\$root|\$web|\$logs|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9])$")
_NAME_BYTES = 1024 * 4
_KEPT = {
    "x-ms-blob-content-type": "content-type",
    "x-ms-blob-content-encoding": "content-encoding",
    "x-ms-blob-content-language": "content-language",
    "x-ms-blob-content-disposition": "content-disposition",
    "x-ms-blob-cache-control": "cache-control",
    "x-ms-blob-content-md5": "content-md5",
}
_STREAM_ABOVE = 4 << 20


@dataclass(frozen=True)
class Ask:
    """One authorized request."""

    request: Request
    call: Call
    account: Resource
    container: str
    name: str

    @property
    def blobs(self) -> BlobStorage:
        return self.call.services.blobs

    @property
    def metadata(self) -> dict[str, str]:
        return {
            name.removeprefix("x-ms-meta-"): value
            for name, value in self.request.headers.items()
            if name.startswith("x-ms-meta-")
        }

    @property
    def headers(self) -> dict[str, str]:
        sent = self.request.headers
        kept = {own: sent[name] for name, own in _KEPT.items() if name in sent}
        if "content-type" not in kept and "x-ms-blob-type" in sent and sent.get("content-type"):
            kept["content-type"] = sent["content-type"]
        return kept

    def blob(self) -> BlobInfo:
        """Return the blob that is asked for.

        Raises:
            StorageError: 404.
        """
        self.existing_container()
        found = self.blobs.info(self.account["name"], self.container, self.name)
        if found is None:
            raise StorageError(404, "BlobNotFound", "The specified blob does not exist.")
        return found

    def existing_container(self) -> None:
        """Refuse a container that is not there.

        Raises:
            StorageError: 404.
        """
        if self.blobs.container(self.account["name"], self.container) is None:
            raise StorageError(404, "ContainerNotFound", "The specified container does not exist.")


@host_route("*.blob.core.windows.net")
async def handle(request: Request, call: Call) -> Response:
    """Answer the blob host; a refusal has the service's XML body and error code."""
    try:
        response = await _answer(request, call)
    except StorageError as refusal:
        body = "" if request.method == "HEAD" else refusal.body()
        response = Response(body, refusal.status, media_type="application/xml")
        response.headers["x-ms-error-code"] = refusal.code
        if refusal.status == 401:
            tenant = call.services.tokens.tenant_id
            response.headers["www-authenticate"] = (
                f"Bearer authorization_uri=https://login.microsoftonline.com/{tenant}"
                f"/oauth2/authorize resource_id={datapath.AUDIENCE}"
            )
    response.headers["x-ms-request-id"] = str(uuid.uuid4())
    response.headers["x-ms-version"] = request.headers.get("x-ms-version", "2021-12-02")
    response.headers["date"] = formatdate(usegmt=True)
    if "x-ms-client-request-id" in request.headers:
        response.headers["x-ms-client-request-id"] = request.headers["x-ms-client-request-id"]
    return response


async def _answer(request: Request, call: Call) -> Response:
    host = request.headers["host"].partition(":")[0]
    account = datapath.find_account(call.store, host.partition(".")[0])
    path = unquote(request.scope["raw_path"].decode().partition("?")[0]).lstrip("/")
    container, _, name = path.partition("/")
    operation = op.operation_of(request, container, name)
    if operation is None:
        raise StorageError(
            400,
            "UnsupportedQueryParameter",
            f"{request.method} {request.url.path}?{request.url.query}: the local Azure does not "
            "have this API of the blob service.",
        )
    datapath.check(request, call, account, operation, (container, name))
    if container and not _CONTAINER.match(container):
        raise StorageError(
            400, "InvalidResourceName", f"The container name {container!r} is not allowed."
        )
    if len(name.encode()) > _NAME_BYTES or len(name) > 1024:
        raise StorageError(400, "InvalidResourceName", "A blob's name has at most 1024 characters.")
    ask = Ask(request, call, account, container, name)
    try:
        return await _RUN[operation](ask)
    except MissingContainerError as error:
        raise StorageError(
            404, "ContainerNotFound", "The specified container does not exist."
        ) from error


def _http_date(moment: float) -> str:
    return formatdate(moment, usegmt=True)


def _shown(info: BlobInfo) -> dict[str, str]:
    """Return the headers that describe a blob."""
    return {
        "etag": info.etag,
        "last-modified": _http_date(info.modified),
        "x-ms-creation-time": _http_date(info.created),
        "x-ms-blob-type": info.kind,
        "x-ms-server-encrypted": "true",
        "x-ms-lease-status": "unlocked",
        "x-ms-lease-state": "available",
        "accept-ranges": "bytes",
        **{f"x-ms-meta-{name}": value for name, value in info.metadata.items()},
        "content-type": info.headers.get("content-type", "application/octet-stream"),
        **info.headers,
    }


def _written(info: BlobInfo, **more: str) -> Response:
    headers = {
        "etag": info.etag,
        "last-modified": _http_date(info.modified),
        "x-ms-request-server-encrypted": "true",
    }
    return Response(status_code=201, headers=headers | more)


async def _get_blob(ask: Ask) -> Response:
    info = ask.blob()
    conditions.check(ask.request.headers, info)
    headers = _shown(info)
    wanted = ask.request.headers.get("x-ms-range") or ask.request.headers.get("range")
    start, end = conditions.byte_range(wanted, info.size)
    if ask.request.method == "HEAD":
        return Response(status_code=200, headers=headers | {"content-length": str(info.size)})
    status = 200
    if wanted and info.size:
        status = 206
        headers["content-range"] = f"bytes {start}-{end}/{info.size}"
        if "content-md5" in headers:
            headers["x-ms-blob-content-md5"] = headers.pop("content-md5")
    length = end - start + 1
    content = ask.blobs.content(info)
    if length > _STREAM_ABOVE:
        headers["content-length"] = str(length)
        return StreamingResponse(read(content, start, end), status, headers)
    body = await run_in_threadpool(lambda: b"".join(read(content, start, end)))
    if wanted and ask.request.headers.get("x-ms-range-get-content-md5") == "true":
        headers["content-md5"] = md5(body)
    return Response(body, status, headers)


async def _checked_body(ask: Ask) -> bytes:
    body = await ask.request.body()
    sent = ask.request.headers.get("content-md5")
    if sent and sent != md5(body):
        raise StorageError(
            400, "Md5Mismatch", "The MD5 value specified in the request did not match."
        )
    return body


async def _put_blob(ask: Ask) -> Response:
    kind = ask.request.headers.get("x-ms-blob-type", "")
    if kind not in {"BlockBlob", APPEND_BLOB}:
        raise StorageError(
            400, "InvalidHeaderValue", f"x-ms-blob-type is {kind!r}; BlockBlob or AppendBlob."
        )
    body = await _checked_body(ask)
    ask.existing_container()
    existing = ask.blobs.info(ask.account["name"], ask.container, ask.name)
    conditions.check_write(ask.request.headers, existing)
    content = b"" if kind == APPEND_BLOB else body
    headers = {"content-md5": md5(body), **ask.headers}
    info = await run_in_threadpool(
        lambda: ask.blobs.put(
            ask.account["name"],
            ask.container,
            ask.name,
            content,
            metadata=ask.metadata,
            headers=headers,
            kind=kind,
        )
    )
    return _written(info, **{"content-md5": md5(body)})


async def _put_block(ask: Ask) -> Response:
    block = ask.request.query_params.get("blockid", "")
    if not block:
        raise StorageError(400, "InvalidBlockId", "The block id is missing.")
    body = await _checked_body(ask)
    ask.existing_container()
    account = ask.account["name"]
    await run_in_threadpool(ask.blobs.stage_block, account, ask.container, ask.name, block, body)
    return Response(status_code=201, headers={"content-md5": md5(body)})


async def _put_blocks(ask: Ask) -> Response:
    text = (await ask.request.body()).decode()
    blocks = re.findall(r"<(?:Latest|Uncommitted|Committed)>([^<]+)<", text)
    existing = ask.blobs.info(ask.account["name"], ask.container, ask.name)
    conditions.check_write(ask.request.headers, existing)
    info = await run_in_threadpool(
        lambda: ask.blobs.commit_blocks(
            ask.account["name"],
            ask.container,
            ask.name,
            blocks,
            metadata=ask.metadata,
            headers=ask.headers,
        )
    )
    if info is None:
        raise StorageError(400, "InvalidBlockList", "The specified block list is invalid.")
    return _written(info)


async def _get_blocks(ask: Ask) -> Response:
    ask.existing_container()
    info = ask.blobs.info(ask.account["name"], ask.container, ask.name)
    staged = ask.blobs.staged(ask.account["name"], ask.container, ask.name)
    if info is None and not staged:
        raise StorageError(404, "BlobNotFound", "The specified blob does not exist.")
    kind = ask.request.query_params.get("blocklisttype", "committed").lower()
    return listing.blocks(info, staged, kind)


async def _append(ask: Ask) -> Response:
    info = ask.blob()
    conditions.check_write(ask.request.headers, info)
    if info.kind != APPEND_BLOB:
        raise StorageError(409, "InvalidBlobType", "The blob is not an append blob.")
    wanted = ask.request.headers.get("x-ms-blob-condition-appendpos")
    if wanted and int(wanted) != info.size:
        raise StorageError(412, "AppendPositionConditionNotMet", f"The blob has {info.size} bytes.")
    body = await _checked_body(ask)
    after = await run_in_threadpool(ask.blobs.append_block, info, body)
    return _written(after, **{"x-ms-blob-append-offset": str(info.size)})


async def _set_metadata(ask: Ask) -> Response:
    info = ask.blob()
    conditions.check_write(ask.request.headers, info)
    after = ask.blobs.update(info, metadata=ask.metadata)
    shown = {"etag": after.etag, "last-modified": _http_date(after.modified)}
    return Response(status_code=200, headers=shown)


async def _set_headers(ask: Ask) -> Response:
    info = ask.blob()
    conditions.check_write(ask.request.headers, info)
    after = ask.blobs.update(info, headers=ask.headers)
    shown = {"etag": after.etag, "last-modified": _http_date(after.modified)}
    return Response(status_code=200, headers=shown)


async def _copy(ask: Ask) -> Response:
    source = urlsplit(ask.request.headers["x-ms-copy-source"])
    container, _, name = unquote(source.path).lstrip("/").partition("/")
    own = (source.hostname or "").partition(".")[0] == ask.account["name"]
    found = ask.blobs.info(ask.account["name"], container, name) if own else None
    if found is None:
        raise StorageError(
            404, "CannotVerifyCopySource", "The source must be a blob of the same account."
        )
    datapath.check(ask.request, ask.call, ask.account, op.GET_BLOB, (container, name))
    conditions.check_write(
        ask.request.headers, ask.blobs.info(ask.account["name"], ask.container, ask.name)
    )
    info = await run_in_threadpool(
        lambda: ask.blobs.put(
            ask.account["name"],
            ask.container,
            ask.name,
            ask.blobs.content(found),
            metadata=ask.metadata or found.metadata,
            headers=found.headers,
            kind=found.kind,
        )
    )
    answer = _written(info, **{"x-ms-copy-id": str(uuid.uuid4()), "x-ms-copy-status": "success"})
    answer.status_code = 202
    return answer


async def _delete_blob(ask: Ask) -> Response:
    conditions.check_write(ask.request.headers, ask.blob())
    ask.blobs.delete(ask.account["name"], ask.container, ask.name)
    return Response(status_code=202, headers={"x-ms-delete-type-permanent": "true"})


async def _create_container(ask: Ask) -> Response:
    public = ask.request.headers.get("x-ms-blob-public-access", "none")
    if public != "none" and ask.account["properties"].get("allowBlobPublicAccess") is not True:
        raise StorageError(
            409, "PublicAccessNotPermitted", "Public access is not permitted on this account."
        )
    made = ask.blobs.create_container(
        ask.account["name"], ask.container, public=public, metadata=ask.metadata
    )
    if not made:
        raise StorageError(409, "ContainerAlreadyExists", "The specified container already exists.")
    return Response(status_code=201, headers=_container_headers(ask))


async def _delete_container(ask: Ask) -> Response:
    ask.existing_container()
    await run_in_threadpool(ask.blobs.delete_container, ask.account["name"], ask.container)
    return Response(status_code=202)


def _container_headers(ask: Ask) -> dict[str, str]:
    ask.existing_container()
    info = ask.blobs.container(ask.account["name"], ask.container)
    if info is None:
        raise MissingContainerError(ask.container)
    shown = {"etag": info.etag, "last-modified": _http_date(info.created)}
    if info.public != "none":
        shown["x-ms-blob-public-access"] = info.public
    return shown | {f"x-ms-meta-{name}": value for name, value in info.metadata.items()}


async def _get_container(ask: Ask) -> Response:
    kept = {"x-ms-has-immutability-policy": "false", "x-ms-has-legal-hold": "false"}
    return Response(status_code=200, headers=_container_headers(ask) | kept)


async def _set_container(ask: Ask) -> Response:
    ask.existing_container()
    ask.blobs.set_container_metadata(ask.account["name"], ask.container, ask.metadata)
    return Response(status_code=200, headers=_container_headers(ask))


async def _list_blobs(ask: Ask) -> Response:
    ask.existing_container()
    query = dict(ask.request.query_params)
    return await run_in_threadpool(
        listing.blobs, ask.blobs, ask.account["name"], ask.container, query
    )


async def _list_containers(ask: Ask) -> Response:
    query = dict(ask.request.query_params)
    return listing.containers(ask.blobs.containers(ask.account["name"]), ask.account["name"], query)


async def _service_info(ask: Ask) -> Response:
    if ask.request.query_params.get("restype") == "account":
        sku = (ask.account.get("sku") or {}).get("name", "Standard_LRS")
        shown = {"x-ms-sku-name": sku, "x-ms-account-kind": ask.account.get("kind", "StorageV2")}
        return Response(status_code=200, headers=shown)
    return listing.service_properties()


async def _get_key(ask: Ask) -> Response:
    principal = ask.call.caller.principal
    if principal is None:
        raise StorageError(401, "NoAuthenticationInformation", "Sign in to get a delegation key.")
    text = (await ask.request.body()).decode()
    times = {name: re.search(f"<{name}>([^<]*)<", text) for name in ("Start", "Expiry")}
    fields = {
        "skoid": principal.object_id,
        "sktid": ask.call.services.tokens.tenant_id,
        "skt": times["Start"][1] if times["Start"] else "",
        "ske": times["Expiry"][1] if times["Expiry"] else "",
        "sks": "b",
        "skv": ask.request.headers.get("x-ms-version", "2021-12-02"),
    }
    value = signatures.delegation_key(ask.call.services.tokens, fields)
    return listing.delegation_key(fields, value)


_RUN: dict[op.Operation, Callable[[Ask], Awaitable[Response]]] = {
    op.GET_KEY: _get_key,
    op.LIST_CONTAINERS: _list_containers,
    op.SERVICE_INFO: _service_info,
    op.CREATE_CONTAINER: _create_container,
    op.DELETE_CONTAINER: _delete_container,
    op.GET_CONTAINER: _get_container,
    op.SET_CONTAINER: _set_container,
    op.LIST_BLOBS: _list_blobs,
    op.GET_BLOB: _get_blob,
    op.PUT_BLOB: _put_blob,
    op.PUT_BLOCK: _put_block,
    op.PUT_BLOCKS: _put_blocks,
    op.GET_BLOCKS: _get_blocks,
    op.APPEND: _append,
    op.SET_METADATA: _set_metadata,
    op.SET_HEADERS: _set_headers,
    op.COPY: _copy,
    op.DELETE_BLOB: _delete_blob,
}
