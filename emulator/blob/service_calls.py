"""What is asked of an account as a whole."""

import datetime as dt

from starlette.responses import Response

from emulator.blob import listing, signatures
from emulator.blob.ask import Ask
from emulator.blob.errors import StorageError, mismatch
from emulator.blob.xml import parse

_LONGEST = dt.timedelta(days=7)


async def list_containers(ask: Ask) -> Response:
    query = dict(ask.request.query_params)
    name = ask.account["name"]
    return listing.containers(ask.blobs, ask.blobs.containers(name), name, query)


async def properties(ask: Ask) -> Response:  # noqa: ARG001 - all accounts have the defaults
    return listing.service_properties()


async def account_info(ask: Ask) -> Response:
    sku = (ask.account.get("sku") or {}).get("name", "Standard_LRS")
    hierarchical = ask.account["properties"].get("isHnsEnabled") is True
    shown = {
        "x-ms-sku-name": sku,
        "x-ms-account-kind": ask.account.get("kind", "StorageV2"),
        "x-ms-is-hns-enabled": str(hierarchical).lower(),
    }
    return Response(status_code=200, headers=shown)


async def get_key(ask: Ask) -> Response:
    """Give a signed-in caller a key to sign for themselves with, for a week at most."""
    principal = ask.call.caller.principal
    if principal is None:
        raise mismatch("a user delegation key is given to a signed-in caller only")
    document = parse(await ask.request.body())
    start, expiry = ((document.findtext(name) or "").strip() for name in ("Start", "Expiry"))
    moment = dt.datetime.now(dt.UTC)
    begins = _time("Start", start) if start else moment
    ends = _time("Expiry", expiry)
    if ends <= max(begins, moment) or ends - moment > _LONGEST:
        raise _bad("Expiry", expiry, "a time after Start, at most 7 days from now")
    fields = {
        "skoid": principal.object_id,
        "sktid": ask.call.services.tokens.tenant_id,
        "skt": f"{begins:%Y-%m-%dT%H:%M:%SZ}",
        "ske": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
        "sks": "b",
        "skv": ask.headers.get("x-ms-version", "2021-12-02"),
    }
    return listing.delegation_key(
        fields, signatures.delegation_key(ask.call.services.tokens, fields)
    )


def _time(name: str, text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise _bad(name, text, "a time such as 2026-01-31T12:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _bad(name: str, found: str, wanted: str) -> StorageError:
    return StorageError(
        400,
        "InvalidXmlNodeValue",
        "The value provided for one of the XML nodes in the request body was not in the correct "
        "format.",
        {"XmlNodeName": name, "XmlNodeValue": found, "Reason": f"wanted: {wanted}"},
    )
