"""Errors as the MLflow REST API words them."""


class TrackingError(Exception):
    """A request that MLflow tracking refuses."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def missing(kind: str, name: object) -> TrackingError:
    return TrackingError(
        "RESOURCE_DOES_NOT_EXIST", f"No {kind} {str(name)!r} in this workspace.", 404
    )


def invalid(message: str) -> TrackingError:
    return TrackingError("INVALID_PARAMETER_VALUE", message)
