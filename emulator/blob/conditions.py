"""Conditional headers and byte ranges.

https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from emulator.blob.errors import StorageError, bad_header
from emulator.blob.model import BlobInfo, ContainerInfo

_RANGE = re.compile(r"^bytes=(\d+)-(\d*)$")
_NAMES = ("if-match", "if-none-match", "if-modified-since", "if-unmodified-since")


@dataclass(frozen=True)
class _State:
    """What conditions are about."""

    etag: str
    modified: int


def _state(info: BlobInfo | ContainerInfo) -> _State:
    moment = info.modified if isinstance(info, BlobInfo) else info.created
    return _State(info.etag, int(moment))


def of_source(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the conditions about the source of a copy under their usual names."""
    found = {name: headers.get(f"x-ms-source-{name}") for name in _NAMES}
    return {name: value for name, value in found.items() if value}


def check(headers: Mapping[str, str], info: BlobInfo) -> None:
    """Honour the conditions of a read.

    Raises:
        StorageError: 304, 400 or 412.
    """
    match, none_match, since, until = (headers.get(name) for name in _NAMES)
    state = _state(info)
    if none_match == "*":
        raise StorageError(
            400,
            "UnsatisfiableCondition",
            "The request includes an unsatisfiable condition for this operation.",
        )
    if match and not _is_one_of(match, state.etag):
        raise _fails()
    if until and state.modified > _moment("If-Unmodified-Since", until):
        raise _fails()
    same = _is_one_of(none_match, state.etag) if none_match else None
    old = state.modified <= _moment("If-Modified-Since", since) if since else None
    # With both headers, one that holds is enough.
    if (same and old is not False) or (old and same is not False):
        raise StorageError(
            304,
            "ConditionNotMet",
            "The condition specified using HTTP conditional header(s) is not met.",
        )


def check_write(
    headers: Mapping[str, str], info: BlobInfo | ContainerInfo | None, *, creates: bool = False
) -> None:
    """Honour the conditions of a write; `info` is what is there, None for nothing.

    Raises:
        StorageError: 400, 409 or 412.
    """
    match, none_match, since, until = (headers.get(name) for name in _NAMES)
    _check_combination(match, none_match, since, until)
    if info is None:
        if match:
            raise _fails()
        return
    if none_match == "*" and creates:
        raise StorageError(409, "BlobAlreadyExists", "The specified blob already exists.")
    state = _state(info)
    if none_match:
        if _is_one_of(none_match, state.etag):
            raise _fails()
    elif since and state.modified <= _moment("If-Modified-Since", since):
        raise _fails()
    if match:
        if not _is_one_of(match, state.etag):
            raise _fails()
    elif until and state.modified > _moment("If-Unmodified-Since", until):
        raise _fails()


def _check_combination(*values: str | None) -> None:
    match, none_match, since, until = (bool(value) for value in values)
    several = any("," in value for value in values[:2] if value)
    mixed = (match or until) and (none_match or since)
    if several or mixed:
        raise StorageError(
            400,
            "MultipleConditionHeadersNotSupported",
            "Multiple condition headers are not supported.",
        )


def _is_one_of(given: str, etag: str) -> bool:
    return any(one.strip() in {"*", etag} for one in given.split(","))


def _moment(name: str, text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError as error:
        raise bad_header(name, text, "a date as of RFC 1123") from error


def _fails() -> StorageError:
    return StorageError(
        412,
        "ConditionNotMet",
        "The condition specified using HTTP conditional header(s) is not met.",
    )


def byte_range(wanted: str | None, size: int) -> tuple[int, int]:
    """Return first and last byte of a range header; of the whole without one.

    Raises:
        StorageError: 400 for one that makes no sense, 416 for one that begins behind the end.
    """
    if not wanted:
        return 0, size - 1
    found = _RANGE.match(wanted.strip())
    if found is None or (found[2] and int(found[2]) < int(found[1])):
        raise bad_header("Range", wanted, "bytes=FIRST-LAST or bytes=FIRST-")
    start = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    if start >= size:
        raise StorageError(
            416,
            "InvalidRange",
            "The range specified is invalid for the current size of the resource.",
        )
    return start, end
