"""How the vault's host writes keys and secrets, which is not how ARM does."""

from typing import Any

from emulator.arm.store import Resource
from emulator.vault.errors import bad
from emulator.vault.material import Material, public

Json = dict[str, Any]
_CURVES = ("P-256", "P-384", "P-521", "P-256K")
_SIZES = (2048, 3072, 4096)
_USES = {
    "EC": ("sign", "verify"),
    "RSA": ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"),
}


def key_from(body: Json, vault: Resource) -> Json:
    """Return the properties of a key that a caller wants made."""
    kind = str(body.get("kty"))
    family, _, hardware = kind.partition("-")
    if family not in _USES or hardware not in {"", "HSM"}:
        raise bad(f"The parameter kty is {kind}; wanted: EC, EC-HSM, RSA or RSA-HSM.")
    if hardware and vault["properties"]["sku"]["name"] != "premium":
        raise bad(f"A key of kty {kind} needs a vault of sku premium.")
    uses = body.get("key_ops") or list(_USES[family])
    wrong = [use for use in uses if use not in _USES[family]]
    if wrong:
        raise bad(f"The parameter key_ops has {wrong[0]}; wanted: {', '.join(_USES[family])}.")
    properties: Json = {"kty": kind, "keyOps": uses, **_common(body)}
    if family == "EC":
        curve = body.get("crv") or _CURVES[0]
        if curve not in _CURVES:
            raise bad(f"The parameter crv is {curve}; wanted: {', '.join(_CURVES)}.")
        return {**properties, "curveName": curve}
    size = body.get("key_size") or _SIZES[0]
    if size not in _SIZES:
        raise bad(f"The parameter key_size is {size}; wanted: 2048, 3072 or 4096.")
    return {**properties, "keySize": size}


def secret_from(body: Json) -> Json:
    """Return the properties of a secret without its value."""
    content = body.get("contentType")
    return {**_common(body), **({"contentType": content} if content else {})}


def changes(body: Json) -> Json:
    """Return what a caller wants changed."""
    return {
        "attributes": body.get("attributes"),
        "keyOps": body.get("key_ops"),
        "tags": body.get("tags"),
        "contentType": body.get("contentType"),
    }


def shown(word: str, properties: Json, material: Material) -> Json:
    """Return a version: of a key its public half, of a secret its value."""
    uri = properties[f"{word}UriWithVersion"]
    common = {"attributes": _attributes(properties), "tags": properties.get("tags") or {}}
    if word == "secret":
        value = material.value(uri)
        found = {"value": properties.get("value") if value is None else value, "id": uri, **common}
        return found | _some(properties, "contentType")
    key: Json = {"kid": uri, "kty": properties["kty"], "key_ops": properties["keyOps"]}
    if "curveName" in properties:
        key["crv"] = properties["curveName"]
    return {"key": key | public(material.key(uri, properties)), **common}


def listed(word: str, properties: Json, *, version: bool = False) -> Json:
    """Return an entry of a list, which tells neither value nor public half."""
    uri = properties[f"{word}UriWithVersion" if version else f"{word}Uri"]
    name = "id" if word == "secret" else "kid"
    entry = {name: uri, "attributes": _attributes(properties), "tags": properties.get("tags") or {}}
    return entry | _some(properties, "contentType")


def _common(body: Json) -> Json:
    attributes = body.get("attributes") or {}
    kept = {k: attributes[k] for k in ("enabled", "exp", "nbf") if attributes.get(k) is not None}
    return {"attributes": kept, "tags": body.get("tags") or {}}


def _attributes(properties: Json) -> Json:
    return {**properties["attributes"], "recoveryLevel": "Recoverable"}


def _some(properties: Json, *names: str) -> Json:
    return {name: properties[name] for name in names if name in properties}
