"""One authorized request to the blob service, and what its headers say."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from emulator.arm.store import Resource
from emulator.blob import conditions, leases
from emulator.blob.contents import Draft
from emulator.blob.errors import StorageError, bad_header, no_blob, no_container
from emulator.blob.index import Key
from emulator.blob.model import APPEND_BLOB, BlobInfo, Guard
from emulator.blob.storage import BlobStorage
from emulator.server.hosts import Call

_META = "x-ms-meta-"
_META_NAME = re.compile(r"^[^\W\d]\w*$")
_META_BYTES = 8 * 1024
_KEPT = {
    "x-ms-blob-content-type": "content-type",
    "x-ms-blob-content-encoding": "content-encoding",
    "x-ms-blob-content-language": "content-language",
    "x-ms-blob-content-disposition": "content-disposition",
    "x-ms-blob-cache-control": "cache-control",
    "x-ms-blob-content-md5": "content-md5",
}
_PLAIN = ("content-type", "content-encoding", "content-language", "cache-control")
_REFUSED = ("x-ms-content-crc64", "x-ms-structured-body")
_GATHER = 1 << 20
MAX_PUT = 5000 << 20
MAX_BLOCK = 4000 << 20
MAX_APPEND = 100 << 20


@dataclass(frozen=True)
class Ask:
    """One authorized request."""

    request: Request
    call: Call
    account: Resource
    container: str
    name: str
    may_overwrite: bool = True

    @property
    def blobs(self) -> BlobStorage:
        return self.call.services.blobs

    @property
    def headers(self) -> Mapping[str, str]:
        return self.request.headers

    @property
    def key(self) -> Key:
        return self.account["name"].lower(), self.container, self.name

    @property
    def container_key(self) -> Key:
        return self.account["name"].lower(), self.container, ""

    @property
    def given_lease(self) -> str:
        given = self.headers.get("x-ms-lease-id", "")
        return leases.checked(given, "x-ms-lease-id") if given else ""

    @property
    def metadata(self) -> dict[str, str]:
        """Return the metadata that is sent.

        Raises:
            StorageError: a name is no identifier, or all together are too long.
        """
        found = {
            name.removeprefix(_META): value
            for name, value in self.headers.items()
            if name.startswith(_META)
        }
        for name in found:
            if not name:
                raise StorageError(400, "EmptyMetadataKey", "The key of a metadata is empty.")
            if not _META_NAME.match(name):
                raise StorageError(
                    400,
                    "InvalidMetadata",
                    "The metadata specified is invalid. It has characters that are not permitted.",
                    {"Reason": f"{name!r}; wanted: a C# identifier"},
                )
        if sum(len(name) + len(value) for name, value in found.items()) > _META_BYTES:
            raise StorageError(
                400, "MetadataTooLarge", "The metadata specified exceeds the maximum of 8 KiB."
            )
        return found

    @property
    def blob_headers(self) -> dict[str, str]:
        """Return the HTTP headers that the blob will be read with."""
        sent = self.headers
        kept = {own: sent[name] for name, own in _KEPT.items() if name in sent}
        if "x-ms-blob-type" in sent:
            for name in _PLAIN:
                if sent.get(name):
                    kept.setdefault(name, sent[name])
        return kept

    def blob(self) -> BlobInfo:
        """Return the blob that is asked for.

        Raises:
            StorageError: 404.
        """
        self.existing_container()
        found = self.blobs.index.blob(self.key)
        if found is None:
            raise no_blob()
        return found

    def existing_container(self) -> None:
        """Refuse a container that is not there.

        Raises:
            StorageError: 404.
        """
        if self.blobs.container(self.account["name"], self.container) is None:
            raise no_container()

    def lease_guard(self, kind: str) -> Guard:
        """Return what decides if this request may prepare a change: the lease and the type."""
        given = self.given_lease

        def decide(info: BlobInfo | None) -> None:
            leases.check_write(self.blobs.index.lease(self.key), given, time.time())
            _check_kind(info, kind)

        return decide

    def guard(self, *, creates: bool = False, kind: str = "") -> Guard:
        """Return what decides, while nobody else can write, if this request may change a blob."""
        given, headers = self.given_lease, self.headers

        def decide(info: BlobInfo | None) -> None:
            if info is None and not creates:
                raise no_blob()
            lease = self.blobs.index.lease(self.key)
            conditions.check_write(headers, info, creates=creates)
            leases.check_write(lease, given, time.time())
            if info is not None and creates and not self.may_overwrite:
                raise StorageError(
                    403,
                    "UnauthorizedBlobOverwrite",
                    "This request is not authorized to perform blob overwrites.",
                )
            _check_kind(info, kind)

        return decide

    async def receive(self, most: int) -> Draft:
        """Write the body to a draft and check it against the digests that are sent with it.

        Raises:
            StorageError: it is too long, or not what its digest says.
        """
        announced = self.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > most:
            raise _too_large(most)
        draft = self.blobs.draft()
        try:
            await self._fill(draft, most)
        except BaseException:
            draft.abandon()
            raise
        return draft

    async def _fill(self, draft: Draft, most: int) -> None:
        for name in _REFUSED:
            if name in self.headers:
                raise StorageError(
                    400,
                    "UnsupportedHeader",
                    "One of the HTTP headers specified in the request is not supported. (Local "
                    "Azure: CRC64 is not imitated; validate with MD5.)",
                    {"HeaderName": name},
                )
        gathered: list[bytes] = []
        waiting = 0
        async for chunk in self.request.stream():
            gathered.append(chunk)
            waiting += len(chunk)
            if draft.size + waiting > most:
                raise _too_large(most)
            if waiting >= _GATHER:
                await run_in_threadpool(draft.write, b"".join(gathered))
                gathered.clear()
                waiting = 0
        draft.write(b"".join(gathered))
        check_digest(self.headers.get("content-md5", ""), draft.md5)


def _check_kind(info: BlobInfo | None, kind: str) -> None:
    if info is not None and kind and info.kind != kind:
        raise StorageError(409, "InvalidBlobType", "The blob type is invalid for this operation.")


def check_digest(sent: str, found: str) -> None:
    """Refuse content that is not what its digest says.

    Raises:
        StorageError: 400 Md5Mismatch.
    """
    if sent and sent != found:
        raise StorageError(
            400,
            "Md5Mismatch",
            "The MD5 value specified in the request did not match with the MD5 value calculated by "
            "the server.",
            {"UserSpecifiedMd5": sent, "ServerCalculatedMd5": found},
        )


def _too_large(most: int) -> StorageError:
    return StorageError(
        413,
        "RequestBodyTooLarge",
        "The request body is too large and exceeds the maximum permissible limit.",
        {"MaxLimit": str(most)},
    )


def http_date(moment: float) -> str:
    return formatdate(moment, usegmt=True)


def described(ask: Ask, info: BlobInfo) -> dict[str, str]:
    """Return the headers that describe a blob."""
    lease = leases.shown(ask.blobs.index.lease(ask.key), time.time())
    shown = {
        "etag": info.etag,
        "last-modified": http_date(info.modified),
        "x-ms-creation-time": http_date(info.created),
        "x-ms-blob-type": info.kind,
        "x-ms-server-encrypted": "true",
        **{f"x-ms-lease-{name}": value for name, value in lease.items()},
        "accept-ranges": "bytes",
        **{f"{_META}{name}": value for name, value in info.metadata.items()},
        "content-type": "application/octet-stream",
        **info.headers,
    }
    if info.kind == APPEND_BLOB:
        count = info.blocks[0][1] if info.blocks else 0
        shown["x-ms-blob-committed-block-count"] = str(count)
    else:
        shown |= {"x-ms-access-tier": "Hot", "x-ms-access-tier-inferred": "true"}
    return shown


def written(info: BlobInfo, more: Mapping[str, str] | None = None, status: int = 201) -> Response:
    """Return the answer to a write of content."""
    headers = {
        "etag": info.etag,
        "last-modified": http_date(info.modified),
        "x-ms-request-server-encrypted": "true",
    }
    return Response(status_code=status, headers=headers | dict(more or {}))


def changed(etag: str, moment: float) -> Response:
    """Return the answer to a change of properties."""
    return Response(status_code=200, headers={"etag": etag, "last-modified": http_date(moment)})


def number(ask: Ask, header: str) -> int | None:
    """Return the number in a header, None without one.

    Raises:
        StorageError: it is none.
    """
    text = ask.headers.get(header)
    if text is None or text == "":
        return None
    try:
        return int(text)
    except ValueError as error:
        raise bad_header(header, text, "a whole number") from error
