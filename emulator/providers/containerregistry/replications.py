"""Copies of a registry in other regions."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource, now
from emulator.providers.checks import carry, choice, flag, located, named
from emulator.providers.containerregistry.registries import TYPE as REGISTRY

_KIND = "replications"


@behaviour
class Replication(Behaviour):
    """A copy; only Premium has them, and its home region has none."""

    type: ClassVar[str] = f"{REGISTRY}/{_KIND}"
    immutable: ClassVar[tuple[str, ...]] = ("properties.zoneRedundancy",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]{5,50}",
            "InvalidResourceName",
            "The replication name '{name}' is invalid: wanted are 5 to 50 letters and digits.",
        )
        location = located(resource)
        parent = parse(resource["id"]).parent
        registry = ctx.store.get(parent.text) if parent else None
        if registry is None:
            raise ArmError(404, "ParentResourceNotFound", f"{parent} was not found.")
        if registry["sku"]["name"] != "Premium":
            sentence = f"The registry '{registry['name']}' has sku {registry['sku']['name']}."
            raise ArmError(403, "FeatureNotAllowed", f"{sentence} Replications need sku Premium.")
        others = [
            one.get("location")
            for one in ctx.store.children(registry["id"], _KIND)
            if one["id"].lower() != resource["id"].lower()
        ]
        if location == registry.get("location") or location in others:
            sentence = f"The registry '{registry['name']}' is in '{location}' already."
            raise ArmError(409, "ReplicationAlreadyExists", sentence, "location")
        properties = resource["properties"]
        flag(properties, "regionEndpointEnabled", initial=True)
        choice(properties, "zoneRedundancy", ("Enabled", "Disabled"), "Disabled")
        carry(resource, previous, {"status": {"displayStatus": "Ready", "timestamp": now()}})
