"""Keys and secrets as ARM creates them; the value of a secret goes in and never comes out."""

import re
import time
import uuid
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, default, named, one_of, required
from emulator.providers.keyvault import graveyard
from emulator.providers.keyvault.vaults import TYPE

_KEY_TYPES = ("EC", "EC-HSM", "RSA", "RSA-HSM")
_SIZES = (2048, 3072, 4096)
_RSA_USES = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")
_CURVE_USES = ("sign", "verify")
_DURATION = re.compile(r"P(\d+Y)?(\d+M)?(\d+D)?")
_CURVES = ("P-256", "P-384", "P-521", "P-256K")


class Item(Behaviour):
    """What keys and secrets share."""

    word: ClassVar[str] = ""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9-]{1,127}",
            "BadParameter",
            f"The {self.word} name '{{name}}' is not valid: wanted are 1 to 127 letters, digits "
            "and hyphens.",
        )

    def stamp(self, resource: Resource, previous: Resource | None, *, anew: bool) -> None:
        """Write the version and its addresses; a new one where the content is new."""
        properties = resource["properties"]
        old = previous["properties"] if previous else {}
        word = self.word
        base = f"https://{parse(resource['id']).names[0].lower()}.vault.azure.net/{word}s"
        moment = int(time.time())
        attributes = default(properties, "attributes", {})
        default(attributes, "enabled", True)
        before = old.get("attributes", {})
        attributes["created"] = before.get("created", moment)
        attributes["updated"] = moment if anew else before.get("updated", moment)
        uri = f"{base}/{resource['name']}"
        with_version = f"{uri}/{uuid.uuid4().hex}"
        if not anew:
            with_version = old.get(f"{word}UriWithVersion", with_version)
        properties |= {f"{word}Uri": uri, f"{word}UriWithVersion": with_version}

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        vault = parse(resource["id"]).parent
        if vault and ctx.store.get(vault.text) is None:  # it went with its vault
            graveyard.bury_item(ctx.store, resource)


@behaviour
class Secret(Item):
    """A secret."""

    type: ClassVar[str] = f"{TYPE}/secrets"
    word: ClassVar[str] = "secret"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        old = previous["properties"] if previous else {}
        value = properties.get("value") or old.get("value")
        if not isinstance(value, str) or not value:
            raise bad("properties.value", "Required property 'properties.value' is missing.")
        properties["value"] = value
        self.stamp(resource, previous, anew=value != old.get("value"))

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        shown = {name: part for name, part in resource["properties"].items() if name != "value"}
        return {**resource, "properties": shown}


@behaviour
class Key(Item):
    """A key; ARM creates one and never changes what it is."""

    type: ClassVar[str] = f"{TYPE}/keys"
    word: ClassVar[str] = "key"
    immutable: ClassVar[tuple[str, ...]] = ("properties.keySize", "properties.curveName")

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        kind = required(resource, "properties.kty", ", ".join(_KEY_TYPES))
        properties["kty"] = one_of(kind, _KEY_TYPES, "properties.kty")
        if previous and previous["properties"]["kty"] != properties["kty"]:
            sentence = f"The kty of key '{resource['name']}' cannot change."
            raise ArmError(409, "PropertyChangeNotAllowed", sentence, "properties.kty")
        if properties["kty"].startswith("RSA"):
            size = default(properties, "keySize", 2048)
            if size not in _SIZES:
                found = f"'properties.keySize' is {size!r}; wanted: 2048, 3072 or 4096."
                raise bad("properties.keySize", found)
        else:
            curve = default(properties, "curveName", _CURVES[0])
            properties["curveName"] = one_of(curve, _CURVES, "properties.curveName")
        _check_use(ctx, resource)
        self.stamp(resource, previous, anew=previous is None)

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        version = resource["properties"]["keyUriWithVersion"].rpartition("/")[2]
        id_ = f"{resource['id']}/versions/{version}"
        ctx.store.put({"id": id_, "properties": dict(resource["properties"])})


def _check_use(ctx: Context, resource: Resource) -> None:
    properties = resource["properties"]
    vault = parse(resource["id"]).parent
    sku = ((ctx.store.get(vault.text) if vault else None) or {}).get("properties", {}).get("sku")
    if properties["kty"].endswith("-HSM") and (sku or {}).get("name") != "premium":
        sentence = f"A key of kty {properties['kty']} needs a vault of sku premium."
        raise bad("properties.kty", sentence)
    known = _RSA_USES if properties["kty"].startswith("RSA") else _CURVE_USES
    path = "properties.keyOps"
    uses = default(properties, "keyOps", list(known))
    properties["keyOps"] = [one_of(use, known, path) for use in uses]
    rotation = properties.get("rotationPolicy")
    if rotation is None:
        return
    path = "properties.rotationPolicy"
    for index, action in enumerate(rotation.get("lifetimeActions") or []):
        where = f"{path}.lifetimeActions[{index}]"
        kind = (action.get("action") or {}).get("type")
        one_of(kind, ("rotate", "notify"), f"{where}.action.type")
        trigger = action.get("trigger") or {}
        moments = [trigger.get(name) for name in ("timeAfterCreate", "timeBeforeExpiry")]
        if sum(one is not None for one in moments) != 1:
            sentence = f"'{where}.trigger' is {trigger!r}; wanted: timeAfterCreate or "
            raise bad(f"{where}.trigger", f"{sentence}timeBeforeExpiry.")
        for moment in (one for one in moments if one is not None):
            if _DURATION.fullmatch(str(moment)) is None:
                raise bad(where, f"'{where}.trigger' is {moment!r}; wanted: such as P90D.")
