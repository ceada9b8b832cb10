"""What is asked of a blob in parts: blocks and their lists, and appending."""

import base64
import binascii

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from emulator.blob import listing
from emulator.blob.ask import MAX_APPEND, MAX_BLOCK, Ask, check_digest, number, written
from emulator.blob.blocks import UnknownBlockError
from emulator.blob.contents import md5
from emulator.blob.errors import StorageError, bad_query, no_blob
from emulator.blob.model import APPEND_BLOB, BLOCK_BLOB, BlobInfo
from emulator.blob.xml import parse

_MOST_BLOCKS = 50_000
_MOST_STAGED = 100_000
_LONGEST_ID = 64
_WHERE = ("Committed", "Uncommitted", "Latest")
_KINDS = ("committed", "uncommitted", "all")


async def put_block(ask: Ask) -> Response:
    block = ask.request.query_params.get("blockid", "")
    _check_id(block)
    ask.existing_container()
    known = ask.blobs.blocks.staged(ask.key)
    if known and len(known[0][0]) != len(block):
        raise StorageError(
            400,
            "InvalidBlobOrBlock",
            "The specified blob or block content is invalid.",
            {"Reason": f"all block ids of a blob are as long as the first, {len(known[0][0])}"},
        )
    if len(known) >= _MOST_STAGED:
        raise _too_many("uncommitted", _MOST_STAGED)
    guard = ask.lease_guard(BLOCK_BLOB)
    draft = await ask.receive(MAX_BLOCK)
    digest = draft.md5
    await run_in_threadpool(lambda: ask.blobs.blocks.stage(ask.key, block, draft.finish(), guard))
    shown = {"content-md5": digest, "x-ms-request-server-encrypted": "true"}
    return Response(status_code=201, headers=shown)


def _check_id(block: str) -> None:
    try:
        raw = base64.b64decode(block, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or len(raw) > _LONGEST_ID:
        wanted = f"base64 of 1 to {_LONGEST_ID} bytes"
        raise bad_query("blockid", block, wanted)


async def put_blocks(ask: Ask) -> Response:
    ask.existing_container()
    body = await ask.request.body()
    check_digest(ask.headers.get("content-md5", ""), md5(body))
    wanted = [(entry.tag, (entry.text or "").strip()) for entry in parse(body)]
    if any(where not in _WHERE for where, _ in wanted):
        raise StorageError(
            400,
            "InvalidXmlDocument",
            "XML specified is not syntactically valid.",
            {"Reason": f"wanted: {', '.join(_WHERE)} in a BlockList"},
        )
    if len(wanted) > _MOST_BLOCKS:
        raise _too_many("committed", _MOST_BLOCKS)
    metadata, headers = ask.metadata, ask.blob_headers
    guard = ask.guard(creates=True, kind=BLOCK_BLOB)
    try:
        info = await run_in_threadpool(
            lambda: ask.blobs.blocks.commit(
                ask.key, wanted, metadata=metadata, headers=headers, guard=guard
            )
        )
    except UnknownBlockError as error:
        raise StorageError(
            400,
            "InvalidBlockList",
            "The specified block list is invalid.",
            {"Reason": f"there is no block {error}"},
        ) from error
    return written(info, {"content-md5": md5(body)})


async def get_blocks(ask: Ask) -> Response:
    ask.existing_container()
    info = ask.blobs.index.blob(ask.key)
    staged = ask.blobs.blocks.staged(ask.key)
    if info is None and not staged:
        raise no_blob()
    if info is not None and info.kind != BLOCK_BLOB:
        raise StorageError(409, "InvalidBlobType", "The blob type is invalid for this operation.")
    kind = ask.request.query_params.get("blocklisttype", "committed").lower()
    if kind not in _KINDS:
        raise bad_query("blocklisttype", kind, ", ".join(_KINDS))
    answer = listing.blocks(info, staged, kind)
    if info is not None:
        answer.headers["etag"] = info.etag
        answer.headers["x-ms-blob-content-length"] = str(info.size)
    return answer


async def append(ask: Ask) -> Response:
    ask.existing_container()
    position = number(ask, "x-ms-blob-condition-appendpos")
    most = number(ask, "x-ms-blob-condition-maxsize")
    draft = await ask.receive(MAX_APPEND)
    base = ask.guard(kind=APPEND_BLOB)
    size = draft.size

    def guard(info: BlobInfo | None) -> None:
        base(info)
        if info is None:
            return
        if position is not None and position != info.size:
            raise StorageError(
                412,
                "AppendPositionConditionNotMet",
                "The append position condition specified was not met.",
                {"Reason": f"the blob has {info.size} bytes"},
            )
        if most is not None and info.size + size > most:
            raise StorageError(
                412,
                "MaxBlobSizeConditionNotMet",
                "The max blob size condition specified was not met.",
            )
        if info.blocks and info.blocks[0][1] >= _MOST_BLOCKS:
            raise _too_many("appended", _MOST_BLOCKS)

    try:
        chunk = draft.content()
    finally:
        draft.abandon()
    after, start = await run_in_threadpool(ask.blobs.blocks.append, ask.key, chunk, guard)
    return written(
        after,
        {
            "x-ms-blob-append-offset": str(start),
            "x-ms-blob-committed-block-count": str(after.blocks[0][1]),
        },
    )


def _too_many(what: str, most: int) -> StorageError:
    return StorageError(
        409,
        "BlockCountExceedsLimit",
        f"The {what} block count cannot exceed the maximum limit of {most:,} blocks.",
    )
