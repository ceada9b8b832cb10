"""The error of a test result that cannot be trusted, or does not open the way to production."""

from collections.abc import Sequence

from ml.errors import TaskError


class AcceptanceError(TaskError):
    """The result is refused; every reason names what was found and what is wanted."""

    def __init__(self, model: str, reasons: Sequence[str]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(
            f"what staging tested of {model} is refused: {'; '.join(self.reasons)}; `mlops promote "
            f"{model.partition(':')[0]} --to staging` tests a model there and signs the result"
        )
