"""The errors that a person can act on: steps and the command line print the sentence and stop."""


class TaskError(Exception):
    """A task, its data or its settings are wrong; the message says what to change."""


class PlatformError(Exception):
    """The platform cannot be found, reached or used; the message says what to do next."""
