"""Keys and what is signed with them: shared keys, account, service and user-delegation SAS.

Strings to sign: https://learn.microsoft.com/rest/api/storageservices/authorize-requests-to-azure-storage
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping

from starlette.requests import Request

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
    try:
        given = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    several = [text.encode() for text in texts]
    return any(
        hmac.compare_digest(hmac.digest(base64.b64decode(key), text, "sha256"), given)
        for key in keys
        for text in several
    )


def shared_key_texts(request: Request, account: str) -> list[str]:
    """Return what a request's Shared Key signature may sign.

    The service sorts headers as its culture does, without regard to hyphens, and the documentation
    says "lexicographically": clients do either.
    """
    headers = request.headers
    values = {name: headers.get(name, "") for name in _HEADERS}
    if values["content-length"] == "0":
        values["content-length"] = ""
    if "x-ms-date" in headers:
        values["date"] = ""
    own = [(name, value.strip()) for name, value in headers.items() if name.startswith("x-ms-")]
    path = request.scope["raw_path"].decode().partition("?")[0]
    query: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        query.setdefault(name.lower(), []).append(value)
    lines = [f"{name}:{','.join(sorted(found))}" for name, found in sorted(query.items())]
    texts: list[str] = []
    for order in (sorted(own), sorted(own, key=lambda pair: _without_hyphens(pair[0]))):
        signed = [f"{name}:{value}" for name, value in order]
        resource = f"/{account}{path}"
        texts.append("\n".join([request.method, *values.values(), *signed, resource, *lines]))
    return texts


def _without_hyphens(name: str) -> tuple[str, str]:
    return name.replace("-", "").replace("_", " "), name


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
    head = [*get("sp", "st", "se"), _resource(query, account, container, name)]
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


def _resource(query: Mapping[str, str], account: str, container: str, name: str) -> str:
    whole = f"/blob/{account}/{container}"
    kind = query.get("sr")
    if kind == "c":
        return whole
    if kind == "d" and query.get("sdd", "").isdigit():
        return "/".join([whole, *name.split("/")[: int(query["sdd"])]])
    return f"{whole}/{name}"
