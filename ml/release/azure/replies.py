"""What Azure's clients raise, told apart by what is known of the call afterwards."""

from collections.abc import Generator
from contextlib import contextmanager

from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceResponseError,
)

from ml.errors import PlatformError
from ml.release.ports import ChangedError, UnavailableError

_THROTTLED = frozenset({408, 429})
_SERVER = 500
# 409: another operation on the resource has not ended; 412: its tag is another one.
_CHANGED = frozenset({409, 412})
_REFUSED = range(400, 500)


@contextmanager
def told_apart(what: str) -> Generator[None, None, None]:
    """Turn an error into done-or-not-done-unknown, not done, or refused for good.

    Raises:
        UnavailableError: nobody knows whether anything was done.
        ChangedError: nothing was done, as something else was seen or is under way.
        PlatformError: Azure refuses, and would again.
    """
    try:
        yield
    except (ServiceRequestError, ServiceResponseError) as error:
        raise UnavailableError(f"{what}: {_first(error)}") from error
    except ClientAuthenticationError as error:
        if error.status_code is None:  # the sign-in service did not answer
            raise UnavailableError(f"{what}: {_first(error)}") from error
        raise PlatformError(
            f"{what} is refused: sign in with `az login`, or give the identity its role "
            f"({_first(error)})"
        ) from error
    except HttpResponseError as error:
        status = error.status_code or _SERVER
        if status in _CHANGED:
            raise ChangedError(f"{what}: {_first(error)}") from error
        if status not in _REFUSED or status in _THROTTLED:
            raise UnavailableError(f"{what}: {_first(error)}") from error
        hint = "; the identity needs a role there, and a way into its network" * (status == 403)
        raise PlatformError(f"{what} is refused ({status}): {_first(error)}{hint}") from error
    except AzureError as error:
        raise UnavailableError(f"{what}: {_first(error)}") from error


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
