"""Which plane answers a host name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from starlette.requests import Request
from starlette.responses import Response

from emulator.arm.behaviours import Services
from emulator.arm.store import Store
from emulator.login.callers import Caller
from emulator.login.tokens import Claims


@dataclass(frozen=True)
class Call:
    """Who calls from where, and what the planes share; `claims` is None without a valid token."""

    caller: Caller
    claims: Claims | None
    services: Services
    # Why a token that was sent is not believed; empty where none was sent.
    refused_token: str = ""

    @property
    def store(self) -> Store:
        return self.services.store


Handler = Callable[[Request, Call], Awaitable[Response]]

_HANDLERS: dict[str, Handler] = {}


def host_route(pattern: str) -> Callable[[Handler], Handler]:
    """Register the handler of a host name or of a pattern such as `*.vault.azure.net`."""

    def register(handler: Handler) -> Handler:
        _HANDLERS[pattern] = handler
        return handler

    return register


def handler_of(host: str) -> Handler | None:
    """Return the handler of a host; an exact name goes before a pattern."""
    exact = _HANDLERS.get(host)
    if exact is not None:
        return exact
    return next((found for pattern, found in _HANDLERS.items() if fnmatchcase(host, pattern)), None)
