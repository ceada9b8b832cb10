"""The XML answers of the blob service: lists, block lists, keys and service properties."""

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from email.utils import formatdate

from starlette.responses import Response

from emulator.blob.errors import StorageError
from emulator.blob.storage import BlobInfo, BlobStorage, Blocks, ContainerInfo

_MOST = 5000


def _answer(root: ET.Element) -> Response:
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/xml")


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element


def _most(query: Mapping[str, str]) -> int:
    given = query.get("maxresults")
    if given is None:
        return _MOST
    if not given.isdigit() or int(given) < 1:
        raise StorageError(400, "OutOfRangeQueryParameterValue", f"maxresults is {given!r}.")
    return min(int(given), _MOST)


def blobs(storage: BlobStorage, account: str, container: str, query: Mapping[str, str]) -> Response:
    """Return the answer of List Blobs: paged by marker, folded at a delimiter."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    marker, most = query.get("marker", ""), _most(query)
    wanted = query.get("include", "").split(",")
    root = ET.Element("EnumerationResults")
    root.set("ServiceEndpoint", f"https://{account}.blob.core.windows.net/")
    root.set("ContainerName", container)
    for name, value in (("Prefix", prefix), ("Marker", marker), ("Delimiter", delimiter)):
        if value:
            _add(root, name, value)
    _add(root, "MaxResults", str(most))
    entries = _add(root, "Blobs")
    folded = ""
    count, following = 0, ""
    for info in storage.list(account, container, prefix):
        rest = info.name[len(prefix) :]
        folds = bool(delimiter) and delimiter in rest
        group = prefix + rest.partition(delimiter)[0] + delimiter if folds else ""
        key = group or info.name
        if key < marker or (group and group == folded):
            continue
        if count == most:
            following = key
            break
        count += 1
        if group:
            folded = group
            _add(_add(entries, "BlobPrefix"), "Name", group)
        else:
            _blob(entries, info, with_metadata="metadata" in wanted)
    _add(root, "NextMarker", following or None)
    return _answer(root)


def _blob(entries: ET.Element, info: BlobInfo, *, with_metadata: bool) -> None:
    entry = _add(entries, "Blob")
    _add(entry, "Name", info.name)
    shown = _add(entry, "Properties")
    _add(shown, "Creation-Time", formatdate(info.created, usegmt=True))
    _add(shown, "Last-Modified", formatdate(info.modified, usegmt=True))
    _add(shown, "Etag", info.etag.strip('"'))
    _add(shown, "Content-Length", str(info.size))
    _add(shown, "Content-Type", info.headers.get("content-type", "application/octet-stream"))
    for name in ("content-encoding", "content-md5", "cache-control", "content-disposition"):
        if name in info.headers:
            _add(shown, name.title().replace("Md5", "MD5"), info.headers[name])
    _add(shown, "BlobType", info.kind)
    _add(shown, "AccessTier", "Hot")
    _add(shown, "LeaseStatus", "unlocked")
    _add(shown, "LeaseState", "available")
    _add(shown, "ServerEncrypted", "true")
    if with_metadata:
        metadata = _add(entry, "Metadata")
        for name, value in info.metadata.items():
            _add(metadata, name, value)


def containers(found: Sequence[ContainerInfo], account: str, query: Mapping[str, str]) -> Response:
    """Return the answer of List Containers."""
    prefix, marker, most = query.get("prefix", ""), query.get("marker", ""), _most(query)
    root = ET.Element("EnumerationResults")
    root.set("ServiceEndpoint", f"https://{account}.blob.core.windows.net/")
    entries = _add(root, "Containers")
    matching = [one for one in found if one.name.startswith(prefix) and one.name >= marker]
    for one in matching[:most]:
        entry = _add(entries, "Container")
        _add(entry, "Name", one.name)
        shown = _add(entry, "Properties")
        _add(shown, "Last-Modified", formatdate(one.created, usegmt=True))
        _add(shown, "Etag", one.etag.strip('"'))
        _add(shown, "LeaseStatus", "unlocked")
        _add(shown, "LeaseState", "available")
        if "metadata" in query.get("include", ""):
            metadata = _add(entry, "Metadata")
            for name, value in one.metadata.items():
                _add(metadata, name, value)
    _add(root, "NextMarker", matching[most].name if len(matching) > most else None)
    return _answer(root)


def blocks(info: BlobInfo | None, staged: Blocks, kind: str) -> Response:
    """Return the answer of Get Block List."""
    root = ET.Element("BlockList")
    wanted = {
        "CommittedBlocks": (info.blocks if info else []) if kind != "uncommitted" else [],
        "UncommittedBlocks": staged if kind != "committed" else [],
    }
    for name, found in wanted.items():
        entries = _add(root, name)
        for block, size in found:
            entry = _add(entries, "Block")
            _add(entry, "Name", block)
            _add(entry, "Size", str(size))
    return _answer(root)


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
        _add(root, name, fields[field])
    _add(root, "Value", value)
    return _answer(root)


def service_properties() -> Response:
    """Return the answer of Get Blob Service Properties: nothing beyond the defaults."""
    root = ET.Element("StorageServiceProperties")
    _add(root, "DefaultServiceVersion", "2021-12-02")
    return _answer(root)
