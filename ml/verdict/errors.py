"""The error of a verdict that cannot be trusted or does not belong to what it is shown for."""

from collections.abc import Sequence

from ml.errors import TaskError


class VerdictError(TaskError):
    """The verdict is refused; every reason names what was found and what is wanted."""

    def __init__(self, reasons: str | Sequence[str]) -> None:
        self.reasons = (reasons,) if isinstance(reasons, str) else tuple(reasons)
        super().__init__("the verdict is refused: " + "; ".join(self.reasons))
