"""The errors that the blob service answers with: status, code, and its XML body."""

from xml.sax.saxutils import escape


class StorageError(Exception):
    """A refusal by the blob service."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message

    def body(self) -> str:
        """Return the XML error of the storage services."""
        return (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{self.code}</Code><Message>{escape(self.message)}</Message></Error>"
        )


def not_authenticated(message: str) -> StorageError:
    """Return the refusal of a signature that does not hold."""
    return StorageError(
        403,
        "AuthenticationFailed",
        "Server failed to authenticate the request. Make sure the value of Authorization header "
        f"is formed correctly including the signature. {message}",
    )


def mismatch(message: str) -> StorageError:
    """Return the refusal of a caller who is known but may not do this."""
    return StorageError(
        403,
        "AuthorizationPermissionMismatch",
        "This request is not authorized to perform this operation using this permission. "
        f"{message}",
    )
