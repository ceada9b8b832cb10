"""The error of a release that cannot go on as asked; the message says what to do."""

from ml.errors import TaskError


class ReleaseError(TaskError):
    """A release, its policy, its traffic or its state is wrong."""
