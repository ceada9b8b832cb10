"""Why a run fails, in the words of run history."""

from typing import Any


class StepError(Exception):
    """A step that cannot go on; `code` says whose fault it is: UserError or ServiceError."""

    def __init__(self, message: str, code: str = "UserError") -> None:
        super().__init__(message)
        self.message, self.code = message, code

    def json(self) -> dict[str, Any]:
        return failure(self.code, self.message)


def failure(code: str, message: str, target: str | None = None) -> dict[str, Any]:
    """The error of a run."""
    return {"code": code, "message": message, "severity": None, "target": target, "details": []}
