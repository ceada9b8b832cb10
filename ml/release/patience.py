"""Asking Azure, and saying no answer in a sentence."""

from collections.abc import Callable
from typing import TypeVar

from ml.errors import PlatformError
from ml.release.ports import UnavailableError

T = TypeVar("T")


def patiently(ask: Callable[[], T]) -> T:
    """Ask, and say no answer in a sentence."""
    try:
        return ask()
    except UnavailableError as error:
        raise PlatformError(f"no answer, so nothing is known: {error}; try again") from error
