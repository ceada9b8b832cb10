"""The errors that the blob service answers with: status, code, and its XML body."""

import datetime as dt
import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

# What XML 1.0 cannot hold, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_AUTHENTICATE = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is "
    "formed correctly including the signature."
)


class StorageError(Exception):
    """A refusal by the blob service; `more` stands in the body beside code and message."""

    def __init__(
        self, status: int, code: str, message: str, more: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.more = dict(more or {})

    def body(self, request_id: str = "") -> str:
        """Return the XML error of the storage services."""
        moment = dt.datetime.now(dt.UTC).isoformat()
        message = f"{self.message}\nRequestId:{request_id}\nTime:{moment}"
        more = "".join(f"<{name}>{_shown(text)}</{name}>" for name, text in self.more.items())
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{self.code}</Code><Message>{_shown(message)}</Message>{more}</Error>"
        )


def _shown(text: str) -> str:
    return escape(_FORBIDDEN.sub("?", text))


def not_authenticated(detail: str) -> StorageError:
    """Return the refusal of a signature that does not hold."""
    return StorageError(
        403, "AuthenticationFailed", _AUTHENTICATE, {"AuthenticationErrorDetail": detail}
    )


def mismatch(detail: str) -> StorageError:
    """Return the refusal of a caller who is known but may not do this."""
    sentence = "This request is not authorized to perform this operation using this permission."
    return StorageError(
        403, "AuthorizationPermissionMismatch", f"{sentence} (Local Azure: {detail})"
    )


def bad_header(name: str, found: object, wanted: str) -> StorageError:
    """Return the refusal of a header's value."""
    return StorageError(
        400,
        "InvalidHeaderValue",
        "The value for one of the HTTP headers is not in the correct format.",
        {"HeaderName": name, "HeaderValue": str(found), "Reason": f"wanted: {wanted}"},
    )


def bad_query(name: str, found: object, wanted: str) -> StorageError:
    """Return the refusal of a query parameter's value."""
    return StorageError(
        400,
        "InvalidQueryParameterValue",
        "Value for one of the query parameters specified in the request URI is invalid.",
        {
            "QueryParameterName": name,
            "QueryParameterValue": str(found),
            "Reason": f"wanted: {wanted}",
        },
    )


def no_container() -> StorageError:
    """Return the refusal of a container that is not there."""
    return StorageError(404, "ContainerNotFound", "The specified container does not exist.")


def no_blob() -> StorageError:
    """Return the refusal of a blob that is not there."""
    return StorageError(404, "BlobNotFound", "The specified blob does not exist.")
