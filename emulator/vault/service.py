"""Answering the vault's host: keys and secrets as the official clients ask for them."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from emulator.arm.store import Resource, Store
from emulator.server.hosts import Call, host_route
from emulator.vault import cryptography_calls, shapes
from emulator.vault.access import Act, check
from emulator.vault.errors import VaultError, bad, missing
from emulator.vault.items import Items
from emulator.vault.material import Material

Json = dict[str, Any]
_PATH = re.compile(
    r"/(?P<deleted>deleted)?(?P<kind>keys|secrets)(?:/(?P<name>[A-Za-z0-9-]{1,127})"
    r"(?:/(?P<more>[A-Za-z0-9]+)(?:/(?P<verb>[a-z]+))?)?)?/?"
)
_VERSION = re.compile(r"7\.\d(-preview(\.\d)?)?|20\d\d-\d\d-\d\d(-preview)?")


@dataclass(frozen=True)
class _Ask:
    """One request, understood."""

    call: Call
    items: Items
    material: Material
    name: str
    version: str
    body: Json

    def may(self, action: str, permission: str) -> None:
        """Go on only if the caller may do this here."""
        kind = f"{self.items.word}s"
        scope = self.items.id_of(self.name) if self.name else self.items.vault["id"]
        check(self.call, self.items.vault, Act(kind, action, permission), scope)

    def shown(self, properties: Json) -> Json:
        """Return a version as the service shows it."""
        return shapes.shown(self.items.word, properties, self.material)


@host_route("*.vault.azure.net")
async def handle(request: Request, call: Call) -> Response:
    """Answer one request; a refusal has Key Vault's form, and a challenge without a token."""
    try:
        if _VERSION.fullmatch(request.query_params.get("api-version", "")) is None:
            raise bad("The api-version parameter is missing or not served; wanted: 7.x or a date.")
        content = await request.body()
        return await anyio.to_thread.run_sync(_answer, request, call, content)
    except VaultError as refusal:
        response = JSONResponse(refusal.body(), refusal.status)
        if refusal.status == 401:
            tenant = call.services.tokens.tenant_id
            response.headers["www-authenticate"] = (
                f'Bearer authorization="https://login.microsoftonline.com/{tenant}", '
                'resource="https://vault.azure.net"'
            )
        return response


def _answer(request: Request, call: Call, content: bytes) -> Response:
    vault = _vault(call.store, request.headers["host"].partition(":")[0].partition(".")[0])
    found = _PATH.fullmatch(request.url.path)
    if found is None:
        raise VaultError(404, "NotFound", f"The local Azure's vaults have no {request.url.path}.")
    material = Material(call.store, call.services.tokens)
    word = found["kind"].removesuffix("s")
    more, verb = found["more"] or "", found["verb"] or ""
    words = {"create", "versions", "recover", "rotate"}
    version = "" if more in words else more
    ask = _Ask(
        call, Items(call.store, vault, word), material, found["name"] or "", version, _body(content)
    )
    place = "deleted" if found["deleted"] else "live"
    level = "one" if found["name"] else "all"
    verb = verb or (more if more in words else "")
    if verb in cryptography_calls.CALLS and word == "key" and request.method == "POST":
        return JSONResponse(_use(ask, verb))
    run = _CALLS.get((request.method, place, level, verb, word)) or _CALLS.get(
        (request.method, place, level, verb, "")
    )
    if run is None:
        sentence = f"The local Azure's vaults do not take {request.method} {request.url.path}."
        raise VaultError(405, "MethodNotAllowed", sentence)
    answer = run(ask)
    return Response(status_code=204) if answer is None else JSONResponse(answer)


def _create(ask: _Ask) -> Json:
    ask.may("create/action", "create")
    return ask.shown(ask.items.add(ask.name, shapes.key_from(ask.body, ask.items.vault)))


def _rotate(ask: _Ask) -> Json:
    ask.may("rotate/action", "rotate")
    old = ask.items.find(ask.name)
    attributes = {k: v for k, v in old["attributes"].items() if k in ("enabled", "exportable")}
    return ask.shown(ask.items.add(ask.name, {**old, "attributes": attributes}))


def _set(ask: _Ask) -> Json:
    ask.may("setSecret/action", "set")
    value = ask.body.get("value")
    if not isinstance(value, str):
        raise bad("The parameter value is missing; wanted: the text of the secret.")
    made = ask.items.add(ask.name, shapes.secret_from(ask.body))
    ask.material.keep(made["secretUriWithVersion"], value)
    return ask.shown(made)


def _get(ask: _Ask) -> Json:
    secret = ask.items.word == "secret"
    ask.may("getSecret/action" if secret else "read", "get")
    found = ask.items.find(ask.name, ask.version)
    if secret:
        _usable(found, ask.name)
    return ask.shown(found)


def _update(ask: _Ask) -> Json:
    secret = ask.items.word == "secret"
    ask.may("setSecret/action" if secret else "update/action", "set" if secret else "update")
    return ask.shown(ask.items.change(ask.name, ask.version, shapes.changes(ask.body)))


def _list(ask: _Ask) -> Json:
    ask.may("readMetadata/action" if ask.items.word == "secret" else "read", "list")
    found = [shapes.listed(ask.items.word, ask.items.find(name)) for name in ask.items.names()]
    return {"value": found, "nextLink": None}


def _versions(ask: _Ask) -> Json:
    ask.may("readMetadata/action" if ask.items.word == "secret" else "read", "list")
    found = ask.items.versions(ask.name)
    listed = [shapes.listed(ask.items.word, one, version=True) for one in found]
    return {"value": listed, "nextLink": None}


def _delete(ask: _Ask) -> Json:
    ask.may("delete", "delete")
    return _gone(ask, ask.items.delete(ask.name))


def _deleted(ask: _Ask) -> Json:
    ask.may("readMetadata/action" if ask.items.word == "secret" else "read", "get")
    return _gone(ask, ask.items.deleted(ask.name))


def _recover(ask: _Ask) -> Json:
    ask.may("recover/action", "recover")
    return ask.shown(ask.items.recover(ask.name))


def _purge(ask: _Ask) -> None:
    ask.may("purge/action", "purge")
    ask.items.purge(ask.name, ask.material)


def _gone(ask: _Ask, found: Json) -> Json:
    word = ask.items.word
    recovery = ask.items.base(ask.name).replace(f"/{word}s/", f"/deleted{word}s/")
    dates = {name: found[name] for name in ("deletedDate", "scheduledPurgeDate")}
    shown = ask.shown(found["latest"])
    shown.pop("value", None)
    return {**shown, "recoveryId": recovery, **dates}


def _use(ask: _Ask, verb: str) -> Json:
    run, use, action = cryptography_calls.CALLS[verb]
    ask.may(f"{action}/action", use.lower())
    properties = ask.items.find(ask.name, ask.version)
    _usable(properties, ask.name)
    if use not in properties["keyOps"]:
        sentence = f"Operation {use} is not permitted on this key."
        raise VaultError(403, "Forbidden", sentence, "KeyOperationForbidden")
    uri = properties["keyUriWithVersion"]
    return {"kid": uri, **run(ask.material.key(uri, properties), properties, ask.body)}


def _usable(properties: Json, name: str) -> None:
    attributes, moment = properties["attributes"], time.time()
    if not attributes.get("enabled", True):
        sentence = f"Operation is not allowed on a disabled object: {name}."
        raise VaultError(403, "Forbidden", sentence, "ObjectDisabled")
    if moment >= attributes.get("exp", float("inf")) or moment < attributes.get("nbf", 0):
        sentence = f"Operation is not allowed on an expired or not yet valid object: {name}."
        raise VaultError(403, "Forbidden", sentence, "ObjectExpired")


_Run = Callable[[_Ask], Json | None]
# By method, whether it was deleted, one or all, the last word of the path, and key or secret.
_CALLS: Mapping[tuple[str, str, str, str, str], _Run] = {
    ("POST", "live", "one", "create", "key"): _create,
    ("POST", "live", "one", "rotate", "key"): _rotate,
    ("PUT", "live", "one", "", "secret"): _set,
    ("GET", "live", "one", "", ""): _get,
    ("PATCH", "live", "one", "", ""): _update,
    ("GET", "live", "all", "", ""): _list,
    ("GET", "live", "one", "versions", ""): _versions,
    ("DELETE", "live", "one", "", ""): _delete,
    ("GET", "deleted", "one", "", ""): _deleted,
    ("POST", "deleted", "one", "recover", ""): _recover,
    ("DELETE", "deleted", "one", "", ""): _purge,
}


def _vault(store: Store, name: str) -> Resource:
    wanted = name.lower()
    for vault in store.find("Microsoft.KeyVault/vaults"):
        if vault["name"].lower() == wanted:
            return vault
    raise missing("vault", name)


def _body(content: bytes) -> Json:
    if not content:
        return {}
    try:
        found = json.loads(content)
    except ValueError as error:
        raise bad("The request body is no JSON.") from error
    if not isinstance(found, dict):
        raise bad("The request body is no JSON object.")
    return found
