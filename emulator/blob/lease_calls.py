"""The five things that Lease Blob and Lease Container do."""

import time

from starlette.responses import Response

from emulator.blob import leases
from emulator.blob.ask import Ask, http_date, number
from emulator.blob.errors import bad_header
from emulator.blob.index import Key
from emulator.blob.leases import Lease

_ACTIONS = ("acquire", "renew", "change", "release", "break")


def run(ask: Ask, key: Key, etag: str, modified: float) -> Response:
    """Do what the header x-ms-lease-action says."""
    action = ask.headers.get("x-ms-lease-action", "").lower()
    if action not in _ACTIONS:
        raise bad_header("x-ms-lease-action", action, ", ".join(_ACTIONS))
    index = ask.blobs.index
    shown = {"etag": etag, "last-modified": http_date(modified)}
    with index.store.transaction():
        before = index.lease(key)
        moment = time.time()
        if action == "break":
            after, left = leases.broken(before, number(ask, "x-ms-lease-break-period"), moment)
            index.set_lease(key, after)
            shown["x-ms-lease-time"] = str(left)
            return Response(status_code=202, headers=shown)
        if action == "release":
            leases.release(before, ask.headers.get("x-ms-lease-id", ""))
            index.set_lease(key, None)
            return Response(status_code=200, headers=shown)
        lease = _held(ask, action, before, moment)
        index.set_lease(key, lease)
    shown["x-ms-lease-id"] = lease.id
    return Response(status_code=201 if action == "acquire" else 200, headers=shown)


def _held(ask: Ask, action: str, before: Lease | None, moment: float) -> Lease:
    given = ask.headers.get("x-ms-lease-id", "")
    proposed = ask.headers.get("x-ms-proposed-lease-id", "")
    if action == "renew":
        return leases.renew(before, given, moment)
    if action == "change":
        return leases.change(before, given, proposed, moment)
    duration = number(ask, "x-ms-lease-duration")
    return leases.acquire(
        before, proposed, leases.INFINITE if duration is None else duration, moment
    )
