"""Keys and what is signed with them: shared keys, account, service and user-delegation SAS.

Strings to sign: https://learn.microsoft.com/rest/api/storageservices/authorize-requests-to-azure-storage
"""

import base64
import datetime as dt
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from starlette.requests import Request

from emulator.blob.errors import not_authenticated
from emulator.blob.operations import Level, Operation
from emulator.login.tokens import Tokens

_HEADERS = (
    "content-encoding", "content-language", "content-length", "content-md5", "content-type", "date",
    "if-modified-since", "if-match", "if-none-match", "if-unmodified-since", "range",
)  # fmt: skip
_RESPONSE = ("rscc", "rscd", "rsce", "rscl", "rsct")
_DELEGATION = ("skoid", "sktid", "skt", "ske", "sks", "skv")


def account_key(tokens: Tokens, account_id: str, number: int, generation: int = 0) -> str:
    """Return a key of a storage account in base64; raising the generation makes a new one."""
    words = ("account-key", account_id.lower(), str(number), str(generation))
    first = tokens.derive(*words)
    return base64.b64encode(first + tokens.derive(*words, "more")).decode()


def delegation_key(tokens: Tokens, fields: Mapping[str, str]) -> str:
    """Return the user-delegation key for its own description (`skoid`, `sktid`, `skt`, ...)."""
    words = (fields.get(name, "") for name in _DELEGATION)
    return base64.b64encode(tokens.derive("delegation-key", *words)).decode()


def sign(key: str, text: str) -> str:
    """Return the HMAC-SHA256 of a text in base64."""
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()


def matches(keys: Iterable[str], texts: Iterable[str], signature: str) -> bool:
    """Say whether one of the keys made the signature of one of the texts."""
    several = list(texts)
    return any(hmac.compare_digest(sign(key, text), signature) for key in keys for text in several)


def shared_key_text(request: Request, account: str) -> str:
    """Return what a request's Shared Key signature signs."""
    headers = request.headers
    values = [headers.get(name, "") for name in _HEADERS]
    if values[2] == "0":
        values[2] = ""
    own = sorted((name, value) for name, value in headers.items() if name.startswith("x-ms-"))
    path = request.scope["raw_path"].decode().partition("?")[0]
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name.lower(), []).append(value)
    lines = [f"{name}:{','.join(sorted(values))}" for name, values in sorted(query.items())]
    signed = [f"{name}:{value}" for name, value in own]
    return "\n".join([request.method, *values, *signed, f"/{account}{path}", *lines])


def sas_texts(query: Mapping[str, str], account: str, container: str, name: str) -> list[str]:
    """Return every string that a SAS with these parameters may have signed.

    Later service versions put more fields in; a signature that fits one of the layouts was made by
    a holder of the key.
    """

    def get(*names: str) -> list[str]:
        return [query.get(one, "") for one in names]

    if "srt" in query:
        base = get("sp", "ss", "srt", "st", "se", "sip", "spr", "sv")
        return [
            "\n".join([account, *base, query.get("ses", ""), ""]),
            "\n".join([account, *base, ""]),
        ]
    path = f"/blob/{account}/{container}" + (f"/{name}" if query.get("sr") != "c" else "")
    head = [*get("sp", "st", "se"), path]
    tail = [*get("sip", "spr", "sv", "sr"), ""]
    response = get(*_RESPONSE)
    if "skoid" not in query:
        with_scope = [*head, query.get("si", ""), *tail, query.get("ses", ""), *response]
        return ["\n".join(with_scope), "\n".join([*head, query.get("si", ""), *tail, *response])]
    key = get(*_DELEGATION)
    who = get("saoid", "suoid", "scid")
    later = get("skdutid", "sduoid")
    scope = query.get("ses", "")
    return [
        "\n".join([*head, *key, *who, *tail, *response]),
        "\n".join([*head, *key, *who, *tail, scope, *response]),
        "\n".join([*head, *key, *who, *later, *tail, scope, *response]),
        "\n".join([*head, *key, *who, *later, *tail, scope, "", "", *response]),
    ]


def check_sas(query: Mapping[str, str], operation: Operation, *, is_blob: bool) -> None:
    """Refuse a SAS that is not for now, not for this, or not for so much.

    Raises:
        StorageError: 403 with the reason.
    """
    moment = dt.datetime.now(dt.UTC)
    for name, limit in (("st", moment), ("skt", moment)):
        if query.get(name) and _time(query[name]) > limit + dt.timedelta(minutes=5):
            raise not_authenticated(f"Signature not valid in the specified time frame ({name}).")
    for name in ("se", "ske"):
        if query.get(name) and _time(query[name]) < moment:
            raise not_authenticated(f"Signature not valid in the specified time frame ({name}).")
    if not query.get("se") and not query.get("si"):
        raise not_authenticated("se is mandatory. Cannot be empty.")
    if not set(operation.sas) & set(query.get("sp", "")):
        raise not_authenticated(
            f"sp={query.get('sp', '')} does not allow {operation.name}; it needs one of "
            f"{', '.join(operation.sas) or 'a signed-in caller'}."
        )
    if "srt" in query:
        fits = operation.level.value in query["srt"] and "b" in query.get("ss", "")
    else:
        fits = query.get("sr") == "c" or (query.get("sr") == "b" and is_blob)
        fits = fits and operation.level is not Level.SERVICE
    if not fits:
        raise not_authenticated(f"The signature is not for {operation.name}.")


def _time(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(unquote(text))
    except ValueError as error:
        raise not_authenticated(f"{text!r} is not a time.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
