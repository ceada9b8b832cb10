"""The errors that ARM answers with, in its own envelope."""

from collections.abc import Sequence


class ArmError(Exception):
    """A refusal by ARM or a resource provider: HTTP status, code and message."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        target: str | None = None,
        details: Sequence[dict[str, str]] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = details

    def body(self) -> dict[str, dict[str, object]]:
        """Return the error envelope of ARM."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.target:
            error["target"] = self.target
        if self.details:
            error["details"] = list(self.details)
        return {"error": error}


def not_found(id_: str) -> ArmError:
    """Return the answer to a request for a resource that does not exist."""
    return ArmError(404, "ResourceNotFound", f"The Resource '{id_.lstrip('/')}' was not found.")
