"""Conditional headers and byte ranges."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from emulator.blob.errors import StorageError
from emulator.blob.storage import BlobInfo

_RANGE = re.compile(r"^bytes=(\d+)-(\d*)$")


def _fails() -> StorageError:
    return StorageError(
        412,
        "ConditionNotMet",
        "The condition specified using HTTP headers is not met.",
    )


def check(headers: Mapping[str, str], info: BlobInfo) -> None:
    """Honour the conditions of a read.

    Raises:
        StorageError: 304 or 412.
    """
    unmodified = StorageError(304, "ConditionNotMet", "The blob is not modified.")
    if headers.get("if-none-match") in {info.etag, "*"}:
        raise unmodified
    since = headers.get("if-modified-since")
    if since and int(info.modified) <= parsedate_to_datetime(since).timestamp():
        raise unmodified
    _check_match(headers, info)


def check_write(headers: Mapping[str, str], info: BlobInfo | None) -> None:
    """Honour the conditions of a write; `info` is the blob as it is, None for a new one.

    Raises:
        StorageError: 409 or 412.
    """
    if headers.get("if-none-match") == "*" and info is not None:
        raise StorageError(409, "BlobAlreadyExists", "The specified blob already exists.")
    if info is None:
        if headers.get("if-match"):
            raise _fails()
        return
    if headers.get("if-none-match") == info.etag:
        raise _fails()
    since = headers.get("if-modified-since")
    if since and int(info.modified) <= parsedate_to_datetime(since).timestamp():
        raise _fails()
    _check_match(headers, info)


def _check_match(headers: Mapping[str, str], info: BlobInfo) -> None:
    match = headers.get("if-match")
    if match and match not in {info.etag, "*"}:
        raise _fails()
    until = headers.get("if-unmodified-since")
    if until and int(info.modified) > parsedate_to_datetime(until).timestamp():
        raise _fails()


def byte_range(wanted: str | None, size: int) -> tuple[int, int]:
    """Return first and last byte of a range header; of the whole without one.

    Raises:
        StorageError: 416 for a range that begins behind the end.
    """
    if not wanted:
        return 0, size - 1
    found = _RANGE.match(wanted.strip())
    if found is None:
        raise StorageError(400, "InvalidHeaderValue", f"The range {wanted!r} is not allowed.")
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    if start >= size:
        raise StorageError(
            416, "InvalidRange", "The range specified is invalid for the current size."
        )
    return start, end
