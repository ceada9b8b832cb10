"""Turns what went wrong into the error that the engine shows."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING

import grpc

from emulator.pulumi_provider.protocol import provider_pb2, status_pb2
from emulator.pulumi_provider.values import encode
from shapes.catalog import UnknownTokenError

if TYPE_CHECKING:
    from emulator.pulumi_provider.resources import HalfMadeError


class Reported:
    """Around a handler: known errors end the call with their sentence, others as a crash."""

    def __init__(self, context: grpc.ServicerContext) -> None:
        self.context = context

    def __enter__(self) -> None:
        """Begin the handler."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the call if it failed."""
        if error is None:
            return
        from emulator.pulumi_provider.answers import (  # noqa: PLC0415 - slow to import
            AzureError,
        )
        from emulator.pulumi_provider.arm import CancelledError  # noqa: PLC0415 - the same
        from emulator.pulumi_provider.resources import (  # noqa: PLC0415 - the same
            AlreadyExistsError,
            HalfMadeError,
        )

        match error:
            case HalfMadeError():
                self._half_made(error)
            case CancelledError():
                self.context.abort(grpc.StatusCode.CANCELLED, "cancelled")
            case AzureError() | AlreadyExistsError():
                self.context.abort(grpc.StatusCode.UNKNOWN, str(error))
            case UnknownTokenError() | ValueError():
                self.context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    def _half_made(self, half: HalfMadeError) -> None:
        """Tell of a resource that exists but failed: the engine keeps it and tries again."""
        detail = provider_pb2.ErrorResourceInitFailed(
            id=half.made.id,
            properties=encode(half.made.outputs),
            reasons=[str(half)],
            inputs=encode(half.inputs),
        )
        code: tuple[int, str] = grpc.StatusCode.UNKNOWN.value
        status = status_pb2.Status(code=code[0], message=str(half))
        status.details.add().Pack(detail)
        self.context.set_trailing_metadata(
            (("grpc-status-details-bin", status.SerializeToString()),)
        )
        self.context.abort(grpc.StatusCode.UNKNOWN, str(half))
