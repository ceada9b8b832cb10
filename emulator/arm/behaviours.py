"""What a resource type adds to the generic behaviour: defaults, checks, actions, whole requests."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from starlette.responses import Response

from emulator.arm.store import Resource, Store
from emulator.login.callers import Caller
from emulator.login.principals import Principals
from emulator.login.tokens import Tokens

if TYPE_CHECKING:
    from emulator.blob.storage import BlobStorage

Action = Callable[["Context", Resource, dict[str, Any]], dict[str, Any] | None]


class Services:
    """What all planes share; each plane hangs its own service on it when the server starts."""

    blobs: "BlobStorage"
    # None where no server runs: `azlocal resources` reads a state folder by itself.
    azureml: Any = None
    factories: Any = None

    def __init__(
        self,
        *,
        home: Path,
        store: Store,
        tokens: Tokens,
        principals: Principals,
        subscription_id: str,
    ) -> None:
        self.home = home
        self.subscription_id = subscription_id
        self.store = store
        self.tokens = tokens
        self.principals = principals
        # What the server calls when it stops, last added first.
        self.at_stop: list[Callable[[], None]] = []
        # Where processes on this machine reach the plain loopback listener; set when it listens.
        self.plain_url = ""
        self.proxy_url = ""
        self.bundle = Path()


@dataclass(frozen=True)
class Context:
    """What a behaviour works with."""

    store: Store
    caller: Caller
    services: Services


@dataclass(frozen=True)
class ArmRequest:
    """A request on the management host, decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    body: dict[str, Any] | None
    headers: Mapping[str, str]
    ctx: Context


class Behaviour:
    """The behaviour of one resource type; a subclass overrides what differs from the generic."""

    type: ClassVar[str] = ""
    # POST {id}/{action}, by lower-case name.
    actions: ClassVar[Mapping[str, Action]] = {}
    # Dotted paths that a later PUT may not change.
    immutable: ClassVar[tuple[str, ...]] = ()
    # Names are unique in all of Azure, not in their group only.
    globally_unique: ClassVar[bool] = False

    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        """Check and complete a resource before it is stored; raise ArmError to refuse it."""

    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        """React to a stored resource; `previous` is None for a new one."""

    def deleting(self, ctx: Context, resource: Resource) -> None:
        """Raise ArmError to refuse a deletion."""

    def deleted(self, ctx: Context, resource: Resource) -> None:
        """React to a deletion."""

    def view(self, ctx: Context, resource: Resource) -> Resource:  # noqa: ARG002 - for overriding
        """Return what a GET shows."""
        return resource


Handler = Callable[[ArmRequest], Awaitable[Response | None]]

_BEHAVIOURS: dict[str, Behaviour] = {}
_ROUTES: dict[str, list[Handler]] = {}
_GENERIC = Behaviour()


_B = TypeVar("_B", bound=Behaviour)


def behaviour(cls: type[_B]) -> type[_B]:
    """Register the behaviour of a type."""
    _BEHAVIOURS[cls.type.lower()] = cls()
    return cls


def arm_route(namespace: str) -> Callable[[Handler], Handler]:
    """Register a handler that sees a namespace's requests before the generic behaviour does."""

    def register(handler: Handler) -> Handler:
        _ROUTES.setdefault(namespace.lower(), []).append(handler)
        return handler

    return register


def behaviour_of(type_: str) -> Behaviour:
    """Return the behaviour of a type; the generic one for a type that nobody registered."""
    return _BEHAVIOURS.get(type_.lower(), _GENERIC)


def is_known(type_: str) -> bool:
    """Say whether a type has a behaviour of its own."""
    return type_.lower() in _BEHAVIOURS


def routes_of(namespace: str | None) -> list[Handler]:
    """Return the handlers that see a namespace's requests first."""
    return _ROUTES.get((namespace or "").lower(), [])
