"""What a shared access signature allows, once it is known to be genuine.

https://learn.microsoft.com/rest/api/storageservices/create-service-sas
"""

import datetime as dt
import ipaddress
from collections.abc import Mapping, Sequence

from emulator.access.places import address_of
from emulator.blob.errors import StorageError, mismatch, not_authenticated
from emulator.blob.model import Policy
from emulator.blob.operations import LIST_BLOBS, Level, Operation

_LEEWAY = dt.timedelta(seconds=5)
_WORDS = {
    "AuthorizationProtocolMismatch": "protocol",
    "AuthorizationServiceMismatch": "service",
    "AuthorizationResourceTypeMismatch": "resource type",
    "AuthorizationSourceIPMismatch": "source IP",
}


def with_policy(query: Mapping[str, str], policies: Sequence[Policy]) -> dict[str, str]:
    """Return a signature's parameters completed by the stored access policy that it names.

    Raises:
        StorageError: there is no such policy, or both say the same thing.
    """
    fields = dict(query)
    wanted = fields.get("si")
    if not wanted:
        return fields
    policy = next((one for one in policies if one.id == wanted), None)
    if policy is None:
        raise not_authenticated(f"Access policy {wanted!r} not found: it was never set, or revoked")
    given = {"st": policy.start, "se": policy.expiry, "sp": policy.permission}
    for name, value in given.items():
        if not value:
            continue
        if fields.get(name):
            raise not_authenticated(f"Access policy fields can be set once: {name} is set twice")
        fields[name] = value
    return fields


def check(query: Mapping[str, str], operation: Operation, place: str, *, is_blob: bool) -> None:
    """Refuse a SAS that is not for now, not for this, not from here, or not for so much.

    Raises:
        StorageError: 403 with the reason.
    """
    _check_times(query)
    if "https" not in query.get("spr", "https").split(","):
        raise _other("AuthorizationProtocolMismatch", f"spr is {query['spr']}")
    _check_address(query.get("sip", ""), place)
    if "srt" in query:
        if "b" not in query.get("ss", ""):
            raise _other("AuthorizationServiceMismatch", f"ss={query.get('ss', '')} has no b")
        if operation.level.value not in query["srt"]:
            detail = f"srt={query['srt']} has no {operation.level.value}"
            raise _other("AuthorizationResourceTypeMismatch", detail)
    else:
        _check_scope(query.get("sr", ""), operation, is_blob=is_blob)
    if not set(operation.sas) & set(query.get("sp", "")):
        needed = " or ".join(operation.sas)
        wanted = f"it needs {needed}" if needed else "no signature opens it, sign in"
        raise mismatch(f"sp={query.get('sp', '')} does not allow {operation.name}: {wanted}")


def may_overwrite(query: Mapping[str, str], operation: Operation) -> bool:
    """Say whether a signature lets an existing blob be replaced, or new ones be created only."""
    return "w" in query.get("sp", "") or "w" not in operation.sas


def _check_scope(kind: str, operation: Operation, *, is_blob: bool) -> None:
    if kind not in {"b", "c", "d"}:
        raise not_authenticated(f"sr is {kind!r}; wanted: b, c, or d")
    if not operation.service or operation.level is Level.SERVICE:
        raise _other(
            "AuthorizationResourceTypeMismatch",
            f"a signature for a container or blob does not open {operation.name}",
        )
    if kind == "b" and (operation is LIST_BLOBS or not is_blob):
        raise _other("AuthorizationResourceTypeMismatch", f"sr=b does not open {operation.name}")


def _check_times(query: Mapping[str, str]) -> None:
    moment = dt.datetime.now(dt.UTC)
    if not query.get("se"):
        raise not_authenticated("se is mandatory. Cannot be empty.")
    shown = f"Current [{moment:%Y-%m-%dT%H:%M:%SZ}]"
    for start, end in (("st", "se"), ("skt", "ske")):
        begins, ends = query.get(start), query.get(end)
        detail = (
            f"Signature not valid in the specified time frame ({start}, {end}): Start "
            f"[{begins or '-'}] - Expiry [{ends or '-'}] - {shown}"
        )
        if begins and _time(begins) > moment + _LEEWAY:
            raise not_authenticated(detail)
        if ends and _time(ends) < moment:
            raise not_authenticated(detail)


def _check_address(allowed: str, place: str) -> None:
    if not allowed:
        return
    address = address_of(place)
    first, _, last = allowed.partition("-")
    try:
        low, high = ipaddress.ip_address(first), ipaddress.ip_address(last or first)
    except ValueError as error:
        raise not_authenticated(f"sip is {allowed!r}; wanted: an address or a range") from error
    inside = address is not None and address.version == low.version == high.version
    if not inside or not int(low) <= int(address or low) <= int(high):
        detail = f"sip is {allowed}, and the caller stands at {place}"
        if address is None:
            detail += (
                ", which is no address (a place may be one: `http://203.0.113.7@...` as proxy)"
            )
        raise _other("AuthorizationSourceIPMismatch", detail)


def _time(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise not_authenticated(f"{text!r} is not a time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _other(code: str, detail: str) -> StorageError:
    sentence = (
        f"This request is not authorized to perform this operation using this {_WORDS[code]}."
    )
    return StorageError(403, code, f"{sentence} (Local Azure: {detail})")
