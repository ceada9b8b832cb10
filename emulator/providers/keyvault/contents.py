"""Keys and secrets as ARM creates them; the value of a secret goes in and never comes out."""

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
        self.stamp(resource, previous, anew=previous is None)
