"""Leases of blobs and containers: who holds one, until when, and what that forbids to others.

https://learn.microsoft.com/rest/api/storageservices/lease-blob
"""

import uuid
from dataclasses import dataclass, replace

from emulator.blob.errors import StorageError, bad_header

_SHORTEST, _LONGEST = 15, 60
INFINITE = -1


@dataclass(frozen=True)
class Lease:
    """A lease; `ends` is None for an infinite one. A breaking one ends by itself as broken."""

    id: str
    duration: int
    ends: float | None
    breaking: bool = False

    def state(self, now: float) -> str:
        over = self.ends is not None and self.ends <= now
        if self.breaking:
            return "broken" if over else "breaking"
        return "expired" if over else "leased"

    def holds(self, now: float) -> bool:
        return self.state(now) in {"leased", "breaking"}


def shown(lease: Lease | None, now: float) -> dict[str, str]:
    """Return state, status and duration as the service's answers name them."""
    state = lease.state(now) if lease else "available"
    words = {"status": "locked" if lease and lease.holds(now) else "unlocked", "state": state}
    if lease and state == "leased":
        words["duration"] = "infinite" if lease.duration == INFINITE else "fixed"
    return words


def acquire(lease: Lease | None, proposed: str, duration: int, now: float) -> Lease:
    """Return the lease that is held after Acquire.

    Raises:
        StorageError: somebody else holds it, or the duration is not allowed.
    """
    if duration != INFINITE and not _SHORTEST <= duration <= _LONGEST:
        raise bad_header(
            "x-ms-lease-duration",
            str(duration),
            f"{_SHORTEST} to {_LONGEST} seconds, or {INFINITE}",
        )
    id_ = checked(proposed, "x-ms-proposed-lease-id") if proposed else str(uuid.uuid4())
    if lease is not None and lease.holds(now):
        if lease.breaking and lease.id == id_:
            raise _conflict(
                "LeaseIsBreakingAndCannotBeAcquired",
                "The lease is breaking and cannot be acquired until it is broken.",
            )
        if lease.breaking or lease.id != id_:
            raise _conflict("LeaseAlreadyPresent", "There is already a lease present.")
    return Lease(id_, duration, _end(duration, now))


def renew(lease: Lease | None, given: str, now: float) -> Lease:
    """Return the lease that is held after Renew.

    Raises:
        StorageError: it is another one, or it is broken.
    """
    held = _own(lease, given)
    if held.breaking:
        raise _conflict(
            "LeaseIsBrokenAndCannotBeRenewed",
            "The lease ID matched, but the lease has been broken explicitly and cannot be renewed.",
        )
    return replace(held, ends=_end(held.duration, now))


def change(lease: Lease | None, given: str, proposed: str, now: float) -> Lease:
    """Return the lease that is held after Change.

    Raises:
        StorageError: it is another one, or not active.
    """
    wanted = checked(proposed, "x-ms-proposed-lease-id")
    if lease is None or not lease.holds(now):
        raise _not_present()
    if lease.id != wanted:
        _own(lease, given)
    if lease.breaking:
        raise _conflict(
            "LeaseIsBreakingAndCannotBeChanged",
            "The lease ID matched, but the lease is currently in breaking state and cannot be "
            "changed.",
        )
    return replace(lease, id=wanted)


def release(lease: Lease | None, given: str) -> None:
    """Check that a lease may be released.

    Raises:
        StorageError: it is another one.
    """
    _own(lease, given)


def broken(lease: Lease | None, period: int | None, now: float) -> tuple[Lease, int]:
    """Return the lease after Break, and the seconds until another may be acquired.

    Raises:
        StorageError: there is none.
    """
    if lease is None or lease.state(now) == "expired":
        raise _not_present()
    if period is not None and not 0 <= period <= _LONGEST:
        raise bad_header("x-ms-lease-break-period", str(period), f"0 to {_LONGEST} seconds")
    if lease.ends is None:
        left = float(period or 0)
    else:
        left = max(0.0, lease.ends - now)
        left = min(left, period) if period is not None else left
    return replace(lease, ends=now + left, breaking=True), round(left)


def check_write(lease: Lease | None, given: str, now: float, what: str = "Blob") -> None:
    """Refuse a write that does not name the lease which is held.

    Raises:
        StorageError: 412.
    """
    if lease is not None and lease.holds(now) and not given:
        name = what.lower()
        raise StorageError(
            412,
            "LeaseIdMissing",
            f"There is currently a lease on the {name} and no lease ID was specified in the "
            "request.",
        )
    check_read(lease, given, now, what)


def check_read(lease: Lease | None, given: str, now: float, what: str = "Blob") -> None:
    """Refuse a request that names a lease which is not the one that is held.

    Raises:
        StorageError: 412.
    """
    if not given:
        return
    name = what.lower()
    if lease is None:
        sentence = f"There is currently no lease on the {name}."
        raise StorageError(412, f"LeaseNotPresentWith{what}Operation", sentence)
    if lease.id.lower() != given.lower():
        sentence = f"The lease ID specified did not match the lease ID for the {name}."
        raise StorageError(412, f"LeaseIdMismatchWith{what}Operation", sentence)
    if not lease.holds(now):
        sentence = f"A lease ID was specified, but the lease for the {name} has expired."
        raise StorageError(412, "LeaseLost", sentence)


def checked(text: str, header: str) -> str:
    """Return a lease id in its usual spelling.

    Raises:
        StorageError: it is no GUID.
    """
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise bad_header(header, text, "a GUID") from error


def _own(lease: Lease | None, given: str) -> Lease:
    if lease is None:
        raise _not_present()
    if lease.id != checked(given, "x-ms-lease-id"):
        raise _conflict(
            "LeaseIdMismatchWithLeaseOperation",
            "The lease ID specified did not match the lease ID for the container or blob.",
        )
    return lease


def _end(duration: int, now: float) -> float | None:
    return None if duration == INFINITE else now + duration


def _conflict(code: str, message: str) -> StorageError:
    return StorageError(409, code, message)


def _not_present() -> StorageError:
    return _conflict(
        "LeaseNotPresentWithLeaseOperation",
        "There is currently no lease on the container or blob.",
    )
