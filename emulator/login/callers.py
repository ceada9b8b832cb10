"""Who calls, and from where."""

from dataclasses import dataclass

PRIVATE = "private"
INTERNET = "internet"


@dataclass(frozen=True)
class Principal:
    """A directory object that can sign in. `kind` is ServicePrincipal, User or ManagedIdentity."""

    object_id: str
    kind: str
    name: str
    client_id: str | None


@dataclass(frozen=True)
class Caller:
    """A principal (None: not signed in) at a place.

    A place is `private` (inside the platform's network), `internet`, the name or id of a subnet,
    or `workspace:<id>` for a job in a workspace's managed network.
    """

    place: str
    principal: Principal | None
