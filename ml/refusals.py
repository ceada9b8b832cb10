"""What the Azure clients raise, as one sentence that says what to do next."""

from collections.abc import Generator
from contextlib import contextmanager

from ml.errors import PlatformError
from ml.place import Place

# The credential chain reports a missing network as a failed sign-in, with the cause in its text.
UNREACHABLE = ("Connection refused", "Unable to connect to proxy", "Failed to resolve")


@contextmanager
def explained(place: Place, what: str = "") -> Generator[None, None, None]:
    """Turn the client's exceptions into one sentence that says what to do next."""
    from azure.ai.ml.exceptions import (  # noqa: PLC0415  takes seconds, see the class
        MlException,
        ValidationException,
    )
    from azure.core import exceptions  # noqa: PLC0415  as above

    try:
        yield
    except exceptions.ClientAuthenticationError as error:
        if cut := next((text for text in UNREACHABLE if text in str(error)), None):
            raise PlatformError(
                "the sign-in service cannot be reached: check the network and the proxy settings "
                f"({cut.lower()})"
            ) from error
        raise PlatformError(
            f"not signed in to Azure, or the sign-in has expired: run `az login` ({_first(error)})"
        ) from error
    except exceptions.ResourceNotFoundError as error:
        missing = what or f"workspace {place}"
        raise PlatformError(
            f"{missing} was not found: check the names, or deploy the platform with `make up` "
            f"({_first(error)})"
        ) from error
    except exceptions.HttpResponseError as error:
        hint = (
            "; the identity you are signed in with needs the role AzureML Data Scientist, and you "
            "must be inside the platform's network"
            if error.status_code == 403
            else ""
        )
        raise PlatformError(f"workspace {place} refused: {_first(error)}{hint}") from error
    except (exceptions.ServiceRequestError, exceptions.ServiceResponseError) as error:
        raise PlatformError(
            f"workspace {place} cannot be reached: check the network, the proxy settings and that "
            f"the platform is up ({_first(error)})"
        ) from error
    except (ValidationException, MlException) as error:
        raise PlatformError(f"Azure ML's client refused: {_first(error)}") from error


def _first(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
