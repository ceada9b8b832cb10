"""XML in and out: answers of the service, and the documents that clients send."""

import re
import xml.etree.ElementTree as ET
from urllib.parse import quote

from starlette.responses import Response

from emulator.blob.errors import StorageError

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def answer(root: ET.Element) -> Response:
    """Return a document as the service sends it."""
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return Response(body, media_type="application/xml")


def add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    """Add an element, with text if it is given."""
    element = ET.SubElement(parent, name)
    element.text = text
    return element


def add_name(parent: ET.Element, name: str, tag: str = "Name") -> None:
    """Add a blob's name, percent-encoded and marked so where XML cannot hold it."""
    # A carriage return is allowed, but every reader makes a line feed of it.
    if _FORBIDDEN.search(name) or "\r" in name:
        add(parent, tag, quote(name, safe="")).set("Encoded", "true")
    else:
        add(parent, tag, name)


def parse(body: bytes) -> ET.Element:
    """Return the document that a client sent.

    Raises:
        StorageError: it is none.
    """
    # The service's documents have no declarations: without them no entity can be expanded.
    if b"<!" in body:
        raise _invalid("it has a document type declaration")
    try:
        return ET.fromstring(body)  # noqa: S314 - declarations are refused above
    except ET.ParseError as error:
        raise _invalid(str(error)) from error


def _invalid(detail: str) -> StorageError:
    return StorageError(
        400, "InvalidXmlDocument", "XML specified is not syntactically valid.", {"Reason": detail}
    )
