"""The two ways of replaying a year; apart, because `--help` shall not read numpy."""

from enum import StrEnum


class Mode(StrEnum):
    """Which champion a period's challenger is held against."""

    FIXED = "fixed"
    ROLLING = "rolling"
