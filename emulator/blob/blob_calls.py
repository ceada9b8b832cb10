"""What is asked of a blob as a whole."""

import time
import uuid
from urllib.parse import parse_qs, unquote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from emulator.blob import conditions, datapath, lease_calls, leases
from emulator.blob import operations as op
from emulator.blob.ask import MAX_PUT, Ask, changed, check_digest, described, written
from emulator.blob.blocks import LostRaceError
from emulator.blob.contents import md5, read_range
from emulator.blob.errors import StorageError, bad_header
from emulator.blob.model import APPEND_BLOB, BLOCK_BLOB, BlobInfo

_ATTEMPTS = 5
_INLINE = 256 << 10
_STREAM_ABOVE = 4 << 20
_COPY_HEADERS = ("x-ms-copy-id", "x-ms-copy-status", "x-ms-copy-source", "x-ms-copy-progress")


async def get(ask: Ask) -> Response:
    for _ in range(_ATTEMPTS):
        try:
            return await _get(ask)
        except FileNotFoundError:
            continue  # replaced or deleted after its row was read: look again
    raise LostRaceError(ask.name)


async def _get(ask: Ask) -> Response:
    info = ask.blob()
    leases.check_read(ask.blobs.index.lease(ask.key), ask.given_lease, time.time())
    conditions.check(ask.headers, info)
    headers = described(ask, info)
    if ask.request.query_params.get("comp") == "metadata":
        kept = {"etag", "last-modified"}
        shown = {k: v for k, v in headers.items() if k in kept or k.startswith("x-ms-meta-")}
        return Response(status_code=200, headers=shown)
    if ask.request.method == "HEAD":
        return Response(status_code=200, headers=headers | {"content-length": str(info.size)})
    wanted = ask.headers.get("x-ms-range") or ask.headers.get("range")
    try:
        start, end = conditions.byte_range(wanted, info.size)
    except StorageError as refusal:
        refusal.more["ContentLength"] = str(info.size)
        raise
    status = 200
    if wanted:
        status = 206
        headers["content-range"] = f"bytes {start}-{end}/{info.size}"
        if "content-md5" in headers:
            headers["x-ms-blob-content-md5"] = headers.pop("content-md5")
    return await _content(ask, info, (start, end), headers, status)


async def _content(
    ask: Ask, info: BlobInfo, where: tuple[int, int], headers: dict[str, str], status: int
) -> Response:
    start, end = where
    length = end - start + 1
    path = ask.blobs.content(info)
    digests = ask.headers.get("x-ms-range-get-content-md5", "").lower() == "true"
    if digests and status == 206 and length > _STREAM_ABOVE:
        raise StorageError(
            400,
            "OutOfRangeInput",
            "One of the request inputs is out of range.",
            {"Reason": "x-ms-range-get-content-md5 wants a range of at most 4 MiB"},
        )
    if length > _STREAM_ABOVE:
        headers["content-length"] = str(length)
        return StreamingResponse(read_range(path, start, end), status, headers)
    if length > _INLINE:
        body = await run_in_threadpool(lambda: b"".join(read_range(path, start, end)))
    else:
        body = b"".join(read_range(path, start, end))
    if digests and status == 206:
        headers["content-md5"] = md5(body)
    return Response(body, status, headers)


async def put(ask: Ask) -> Response:
    kind = ask.headers.get("x-ms-blob-type", "")
    if kind not in {BLOCK_BLOB, APPEND_BLOB}:
        raise bad_header("x-ms-blob-type", kind, "BlockBlob or AppendBlob (pages are not imitated)")
    ask.existing_container()
    metadata, headers, guard = ask.metadata, ask.blob_headers, ask.guard(creates=True)
    draft = await ask.receive(0 if kind == APPEND_BLOB else MAX_PUT)
    try:
        check_digest(ask.headers.get("x-ms-blob-content-md5", ""), draft.md5)
    except StorageError:
        draft.abandon()
        raise
    digest = draft.md5
    if kind == BLOCK_BLOB:
        headers["content-md5"] = digest

    def finish() -> BlobInfo:
        return ask.blobs.adopt(
            ask.key, draft.finish(), metadata=metadata, headers=headers, kind=kind, guard=guard
        )

    # A hop to another thread costs more than a small file.
    info = finish() if draft.size <= _INLINE else await run_in_threadpool(finish)
    return written(info, {"content-md5": digest} if kind == BLOCK_BLOB else None)


async def set_metadata(ask: Ask) -> Response:
    after = ask.blobs.update(ask.blob(), metadata=ask.metadata, guard=ask.guard())
    return changed(after.etag, after.modified)


async def set_headers(ask: Ask) -> Response:
    before = ask.blob()
    kept = {name: value for name, value in before.headers.items() if name in _COPY_HEADERS}
    after = ask.blobs.update(before, headers=kept | ask.blob_headers, guard=ask.guard())
    return changed(after.etag, after.modified)


async def delete(ask: Ask) -> Response:
    ask.existing_container()
    name = ask.account["name"]
    ask.blobs.delete(name, ask.container, ask.name, guard=ask.guard())
    return Response(status_code=202, headers={"x-ms-delete-type-permanent": "true"})


async def lease(ask: Ask) -> Response:
    info = ask.blob()
    conditions.check_write(ask.headers, info)
    return lease_calls.run(ask, ask.key, info.etag, info.modified)


async def copy(ask: Ask) -> Response:
    """Copy a blob of the same account, at once."""
    url = ask.headers["x-ms-copy-source"]
    source = urlsplit(url)
    container, _, name = unquote(source.path).lstrip("/").partition("/")
    own = (source.hostname or "").partition(".")[0].lower() == ask.account["name"].lower()
    if not own or "snapshot" in parse_qs(source.query):
        raise _no_source(
            "The specified resource does not exist. (Local Azure: the source must be a blob of the "
            f"same account, {ask.account['name']}; found {source.hostname}.)"
        )
    _check_source(ask, source.query, (container, name))
    ask.existing_container()
    found = ask.blobs.info(ask.account["name"], container, name)
    if found is None:
        raise _no_source("The specified blob does not exist.")
    try:
        conditions.check(conditions.of_source(ask.headers), found)
    except StorageError as refusal:
        raise StorageError(
            412,
            "SourceConditionNotMet",
            "The source condition specified using HTTP conditional header(s) is not met.",
        ) from refusal
    kept = {name: value for name, value in found.headers.items() if name not in _COPY_HEADERS}
    made = {"x-ms-copy-id": str(uuid.uuid4()), "x-ms-copy-status": "success"}
    about = {
        "x-ms-copy-source": url.partition("?")[0],
        "x-ms-copy-progress": f"{found.size}/{found.size}",
    }
    metadata = ask.metadata or found.metadata
    headers = kept | ask.blob_headers | made | about
    guard = ask.guard(creates=True)

    def finish() -> BlobInfo:
        content = ask.blobs.contents.write([ask.blobs.content(found)])
        return ask.blobs.adopt(
            ask.key, content, metadata=metadata, headers=headers, kind=found.kind, guard=guard
        )

    try:
        info = await run_in_threadpool(finish)
    except FileNotFoundError as error:
        raise _no_source("The specified blob does not exist.") from error
    # Put Blob From URL, which names a type, answers like Put Blob.
    return written(info, made, 201 if "x-ms-blob-type" in ask.headers else 202)


def _no_source(message: str) -> StorageError:
    return StorageError(404, "CannotVerifyCopySource", message)


def _check_source(ask: Ask, query: str, path: tuple[str, str]) -> None:
    """Refuse a source that neither its own signature nor this request's caller may read."""
    request = ask.request
    signed = QueryParams(query)
    if "sig" in signed or "sig" in request.query_params:
        scope = {**request.scope, "query_string": query.encode(), "method": "GET", "headers": []}
        request = Request(scope)
    datapath.check(request, ask.call, ask.account, op.GET_BLOB, path)
