"""What is installed on machines; protected settings are read by nobody again."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import flag, located, required
from emulator.providers.compute.machines import TYPE as MACHINE
from emulator.providers.sealing import sealed_all

_KIND = "extensions"
_SECRETS = "protectedSettings"
# Entra's sign-in needs the machine to have an identity of its own.
_SIGN_IN = "aadsshloginforlinux"


@behaviour
class Extension(Behaviour):
    """An extension; a machine has one of a type."""

    type: ClassVar[str] = f"{MACHINE}/{_KIND}"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        for name in ("publisher", "type", "typeHandlerVersion"):
            required(resource, f"properties.{name}", "what is installed")
        properties = resource["properties"]
        machine = parse(resource["id"]).parent
        home = (ctx.store.get(machine.text) if machine else None) or {}
        kind = (str(properties["publisher"]).lower(), str(properties["type"]).lower())
        for other in ctx.store.children(home.get("id", ""), _KIND):
            theirs = other["properties"]
            same = (str(theirs["publisher"]).lower(), str(theirs["type"]).lower()) == kind
            if same and other["id"].lower() != resource["id"].lower():
                sentence = f"The machine has {properties['type']} as '{other['name']}' already."
                raise ArmError(409, "Conflict", sentence, "properties.type")
        identity = str((home.get("identity") or {}).get("type") or "None")
        if kind[1] == _SIGN_IN and "systemassigned" not in identity.lower():
            sentence = f"{properties['type']} needs a machine with a system-assigned identity."
            raise ArmError(400, "VMExtensionProvisioningError", sentence, "identity")
        for name in ("autoUpgradeMinorVersion", "enableAutomaticUpgrade"):
            flag(properties, name, initial=False)
        if isinstance(properties.get(_SECRETS), dict):
            properties[_SECRETS] = sealed_all(properties[_SECRETS])

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        shown = {name: part for name, part in resource["properties"].items() if name != _SECRETS}
        return {**resource, "properties": shown}
