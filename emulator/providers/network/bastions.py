"""Azure Bastion."""

import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, carry, default, flag, located, one_of
from emulator.providers.network import addresses
from emulator.providers.network.occupants import BASTION, occupants

_SKUS = ("Basic", "Standard", "Premium")
_SUBNET = "AzureBastionSubnet"
_SMALLEST = 26
_BASIC_UNITS, _MOST_UNITS = 2, 50
# What only the better SKUs do.
_STANDARD = (
    "enableFileCopy",
    "enableIpConnect",
    "enableShareableLink",
    "enableTunneling",
)
_PREMIUM = ("enableSessionRecording", "enablePrivateOnlyBastion")


@behaviour
class Bastion(Behaviour):
    """A bastion host, alone in a subnet of its name."""

    type: ClassVar[str] = BASTION
    immutable: ClassVar[tuple[str, ...]] = ("zones",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        sku = default(resource, "sku", {"name": "Standard"})
        sku["name"] = one_of(default(sku, "name", "Standard"), _SKUS, "sku.name")
        if previous is not None and _SKUS.index(sku["name"]) < _SKUS.index(previous["sku"]["name"]):
            sentence = f"The sku of '{resource['name']}' cannot go down to {sku['name']}."
            raise ArmError(409, "PropertyChangeNotAllowed", sentence, "sku.name")
        _check_features(resource["properties"], sku["name"])
        parts = addresses.parts_of(resource)
        if len(parts) != 1:
            sentence = f"A bastion host has one configuration; found {len(parts)}."
            raise bad("properties.ipConfigurations", sentence, "InvalidRequestFormat")
        part, where = parts[0]["properties"], "properties.ipConfigurations[0]"
        subnet = addresses.place(ctx, resource, part, where)
        addresses.require_subnet(subnet, _SUBNET, _SMALLEST, "BastionHostSubnetInvalid")
        others = [
            one
            for one in occupants(ctx.store, subnet["id"])
            if one["id"].lower() != resource["id"].lower()
        ]
        if others:
            sentence = f"Subnet '{_SUBNET}' holds {others[0]['id']} already; a network has one."
            raise ArmError(409, "BastionHostSubnetInUse", sentence, where)
        addresses.require_public(ctx, resource, part, where)
        default(part, "privateIPAllocationMethod", "Dynamic")
        addresses.complete(resource, "bastionHostIpConfigurations")
        carry(resource, previous, {"dnsName": f"bst-{uuid.uuid4()}.bastion.azure.com"})


def _check_features(properties: dict[str, Any], sku: str) -> None:
    units = default(properties, "scaleUnits", _BASIC_UNITS)
    most = _BASIC_UNITS if sku == "Basic" else _MOST_UNITS
    between(units, _BASIC_UNITS, most, "properties.scaleUnits")
    flag(properties, "disableCopyPaste", initial=False)
    for names, skus in ((_STANDARD, _SKUS[1:]), (_PREMIUM, _SKUS[2:])):
        for name in names:
            if flag(properties, name, initial=False) and sku not in skus:
                sentence = f"'properties.{name}' is true, but sku {sku} has it not; wanted: "
                raise bad(
                    f"properties.{name}", f"{sentence}{' or '.join(skus)}.", "SkuNotSupported"
                )
