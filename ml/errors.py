"""The error that a person can act on: steps and the command line print its sentence and stop."""


class TaskError(Exception):
    """A task, its data or its settings are not as they have to be; the message says what to change."""
