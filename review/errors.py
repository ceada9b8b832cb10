"""The error that a person can act on: the command prints its sentence and stops."""


class ReviewError(Exception):
    """What was given cannot be reviewed; the message names it and says what is wanted."""
