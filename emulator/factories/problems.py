"""Why an activity of a factory fails."""


class ActivityError(Exception):
    """A failed activity, with the code that monitoring shows."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message
