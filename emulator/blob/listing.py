"""The lists of the blob service, and its other answers in XML."""

import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from email.utils import formatdate
from urllib.parse import quote, unquote

from starlette.responses import Response

from emulator.blob import leases
from emulator.blob.errors import StorageError, bad_query
from emulator.blob.index import end_of
from emulator.blob.leases import Lease
from emulator.blob.model import APPEND_BLOB, BlobInfo, Blocks, ContainerInfo, Policy
from emulator.blob.storage import BlobStorage
from emulator.blob.xml import add, add_name, answer

_MOST = 5000
_FEW = 64
_SHOWN = (
    "Content-Encoding", "Content-Language", "Content-MD5", "Cache-Control", "Content-Disposition",
)  # fmt: skip
_INCLUDED = frozenset(
    (
        "copy", "deleted", "deletedwithversions", "immutabilitypolicy", "legalhold", "metadata",
        "permissions", "snapshots", "system", "tags", "uncommittedblobs", "versions",
    )
)  # fmt: skip


def _most(query: Mapping[str, str]) -> int:
    given = query.get("maxresults")
    if given is None:
        return _MOST
    if not given.isdigit() or int(given) < 1:
        raise StorageError(
            400,
            "OutOfRangeQueryParameterValue",
            "One of the query parameters specified in the request URI is outside the permissible "
            "range.",
            {"QueryParameterName": "maxresults", "QueryParameterValue": given},
        )
    return min(int(given), _MOST)


def _included(query: Mapping[str, str]) -> set[str]:
    wanted = {word.strip().lower() for word in query.get("include", "").split(",")} - {""}
    if not wanted <= _INCLUDED:
        raise bad_query("include", query["include"], ", ".join(sorted(_INCLUDED)))
    return wanted


def blobs(storage: BlobStorage, account: str, container: str, query: Mapping[str, str]) -> Response:
    """Return the answer of List Blobs: paged by marker, folded at a delimiter."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    marker, most = query.get("marker", ""), _most(query)
    wanted = _included(query)
    root = ET.Element("EnumerationResults")
    root.set("ServiceEndpoint", f"https://{account}.blob.core.windows.net/")
    root.set("ContainerName", container)
    if prefix:
        add_name(root, prefix, "Prefix")
    if marker:
        add(root, "Marker", marker)
    add(root, "MaxResults", str(most))
    if delimiter:
        add_name(root, delimiter, "Delimiter")
    entries = add(root, "Blobs")
    held = storage.index.leases(account.lower(), container)
    following: str | None = None
    for count, entry in enumerate(
        _entries(storage, (account, container), prefix, delimiter, marker)
    ):
        name = entry if isinstance(entry, str) else entry.name
        if count == most:
            following = name
            break
        if isinstance(entry, str):
            add_name(add(entries, "BlobPrefix"), entry)
        else:
            _blob(entries, entry, held.get(name), with_metadata="metadata" in wanted)
    # Opaque to clients, and XML holds it whatever the name is.
    add(root, "NextMarker", quote(following) if following is not None else None)
    return answer(root)


def _entries(
    storage: BlobStorage, place: tuple[str, str], prefix: str, delimiter: str, marker: str
) -> Iterator[BlobInfo | str]:
    """Yield blobs and folded prefixes by name, from `marker` on, reading no more than is used."""
    start = unquote(marker)
    chunk = _FEW
    while True:
        found = storage.list(*place, prefix, start, chunk)
        for info in found:
            rest = info.name[len(prefix) :]
            if not delimiter or delimiter not in rest:
                yield info
                start = f"{info.name}\0"  # the very next name
                continue
            group = prefix + rest.partition(delimiter)[0] + delimiter
            yield group
            # What is below it is folded into it: go on behind that.
            behind = end_of(group)
            if behind is None:
                return
            start, chunk = behind, _FEW
            break
        else:
            if len(found) < chunk:
                return
            chunk = min(chunk * 4, _MOST + 1)


def _blob(entries: ET.Element, info: BlobInfo, lease: Lease | None, *, with_metadata: bool) -> None:
    entry = add(entries, "Blob")
    add_name(entry, info.name)
    shown = add(entry, "Properties")
    add(shown, "Creation-Time", formatdate(info.created, usegmt=True))
    add(shown, "Last-Modified", formatdate(info.modified, usegmt=True))
    add(shown, "Etag", info.etag.strip('"'))
    add(shown, "Content-Length", str(info.size))
    add(shown, "Content-Type", info.headers.get("content-type", "application/octet-stream"))
    for name in _SHOWN:
        add(shown, name, info.headers.get(name.lower()))
    add(shown, "BlobType", info.kind)
    if info.kind != APPEND_BLOB:
        add(shown, "AccessTier", "Hot")
        add(shown, "AccessTierInferred", "true")
    _lease(shown, lease)
    add(shown, "ServerEncrypted", "true")
    if with_metadata:
        _metadata(entry, info.metadata)


def _lease(shown: ET.Element, lease: Lease | None) -> None:
    for name, value in leases.shown(lease, time.time()).items():
        add(shown, f"Lease{name.title()}", value)


def _metadata(entry: ET.Element, metadata: Mapping[str, str]) -> None:
    element = add(entry, "Metadata")
    for name, value in metadata.items():
        add(element, name, value)


def containers(
    storage: BlobStorage, found: Sequence[ContainerInfo], account: str, query: Mapping[str, str]
) -> Response:
    """Return the answer of List Containers."""
    prefix, marker, most = query.get("prefix", ""), query.get("marker", ""), _most(query)
    wanted = _included(query)
    root = ET.Element("EnumerationResults")
    root.set("ServiceEndpoint", f"https://{account}.blob.core.windows.net/")
    for name, value in (("Prefix", prefix), ("Marker", marker)):
        if value:
            add(root, name, value)
    add(root, "MaxResults", str(most))
    entries = add(root, "Containers")
    matching = [one for one in found if one.name.startswith(prefix) and one.name >= marker]
    for one in matching[:most]:
        entry = add(entries, "Container")
        add(entry, "Name", one.name)
        shown = add(entry, "Properties")
        add(shown, "Last-Modified", formatdate(one.created, usegmt=True))
        add(shown, "Etag", one.etag.strip('"'))
        _lease(shown, storage.index.lease((one.account, one.name, "")))
        public = storage.public_access(account, one.name)
        if public != "none":
            add(shown, "PublicAccess", public)
        add(shown, "HasImmutabilityPolicy", "false")
        add(shown, "HasLegalHold", "false")
        if "metadata" in wanted:
            _metadata(entry, one.metadata)
    add(root, "NextMarker", matching[most].name if len(matching) > most else None)
    return answer(root)


def blocks(info: BlobInfo | None, staged: Blocks, kind: str) -> Response:
    """Return the answer of Get Block List."""
    root = ET.Element("BlockList")
    wanted = {
        "CommittedBlocks": (info.blocks if info else []) if kind != "uncommitted" else [],
        "UncommittedBlocks": staged if kind != "committed" else [],
    }
    for name, found in wanted.items():
        entries = add(root, name)
        for block, size in found:
            entry = add(entries, "Block")
            add(entry, "Name", block)
            add(entry, "Size", str(size))
    return answer(root)


def policies(found: Sequence[Policy]) -> Response:
    """Return the answer of Get Container ACL."""
    root = ET.Element("SignedIdentifiers")
    for policy in found:
        entry = add(root, "SignedIdentifier")
        add(entry, "Id", policy.id)
        kept = add(entry, "AccessPolicy")
        given = (
            ("Start", policy.start),
            ("Expiry", policy.expiry),
            ("Permission", policy.permission),
        )
        for name, value in given:
            if value:
                add(kept, name, value)
    return answer(root)


def read_policies(root: ET.Element) -> list[Policy]:
    """Return the policies of a Set Container ACL body."""
    found: list[Policy] = []
    for entry in root.iter("SignedIdentifier"):
        words = {
            name: (entry.findtext(f"AccessPolicy/{name}") or "").strip()
            for name in ("Start", "Expiry", "Permission")
        }
        id_ = (entry.findtext("Id") or "").strip()
        found.append(Policy(id_, words["Start"], words["Expiry"], words["Permission"]))
    return found


def delegation_key(fields: Mapping[str, str], value: str) -> Response:
    """Return the answer of Get User Delegation Key."""
    root = ET.Element("UserDelegationKey")
    for name, field in (
        ("SignedOid", "skoid"),
        ("SignedTid", "sktid"),
        ("SignedStart", "skt"),
        ("SignedExpiry", "ske"),
        ("SignedService", "sks"),
        ("SignedVersion", "skv"),
    ):
        add(root, name, fields[field])
    add(root, "Value", value)
    return answer(root)


def service_properties() -> Response:
    """Return the answer of Get Blob Service Properties: nothing beyond the defaults."""
    root = ET.Element("StorageServiceProperties")
    for name in ("HourMetrics", "MinuteMetrics"):
        metrics = add(root, name)
        add(metrics, "Version", "1.0")
        add(metrics, "Enabled", "false")
        add(add(metrics, "RetentionPolicy"), "Enabled", "false")
    add(root, "Cors")
    add(root, "DefaultServiceVersion", "2021-12-02")
    add(add(root, "DeleteRetentionPolicy"), "Enabled", "false")
    add(add(root, "StaticWebsite"), "Enabled", "false")
    return answer(root)
