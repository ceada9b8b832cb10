"""Virtual machines, which have a size, an image and an interface, and never show a password."""

import re
import uuid
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.providers.checks import (
    bad,
    carry,
    default,
    located,
    named,
    of_type,
    one_of,
    refer,
    required,
)
from emulator.providers.network.occupants import INTERFACE
from emulator.providers.sealing import sealed

TYPE = "Microsoft.Compute/virtualMachines"
_SETS = "Microsoft.Compute/diskEncryptionSets"
_SIZE = re.compile(r"(Standard|Basic)_[A-Z]+\d+[\w-]*")
_CREATION = ("FromImage", "Attach", "Empty", "Copy", "Restore")
_DISKS = ("Standard_LRS", "StandardSSD_LRS", "StandardSSD_ZRS", "Premium_LRS", "Premium_ZRS")
_SECURITY = ("TrustedLaunch", "ConfidentialVM", "Standard")
_LONGEST_NAME = 64
_SECRETS = ("adminPassword", "customData")


@behaviour
class Machine(Behaviour):
    """A machine with interfaces of its own."""

    type: ClassVar[str] = TYPE
    immutable: ClassVar[tuple[str, ...]] = (
        "zones",
        "properties.osProfile.adminUsername",
        "properties.osProfile.computerName",
        "properties.storageProfile.imageReference.publisher",
        "properties.storageProfile.imageReference.offer",
        "properties.storageProfile.imageReference.sku",
        "properties.storageProfile.osDisk.name",
    )

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[A-Za-z0-9]([\w.-]{0,62}\w)?",
            "InvalidParameter",
            "The machine name '{name}' is not valid: at most 64 letters, digits, underscores, "
            "periods and hyphens.",
        )
        located(resource)
        size = required(resource, "properties.hardwareProfile.vmSize", "a size of machines")
        if _SIZE.fullmatch(str(size)) is None:
            path = "properties.hardwareProfile.vmSize"
            sentence = (
                f"The value {size!r} of '{path}' is not a size; wanted: such as Standard_B2s."
            )
            raise bad(path, sentence)
        _check_interfaces(ctx, resource)
        _check_disk(ctx, resource)
        _check_security(resource)
        if resource["properties"].get("osProfile"):
            _check_system(resource)
        made = {"vmId": str(uuid.uuid4()), "timeCreated": now()}
        carry(resource, previous, made)
        resource["properties"].pop("instanceView", None)

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        profile = resource["properties"].get("osProfile")
        if not profile:
            return resource
        kept = {name: value for name, value in profile.items() if name not in _SECRETS}
        return {**resource, "properties": {**resource["properties"], "osProfile": kept}}


def _check_interfaces(ctx: Context, resource: Resource) -> None:
    path = "properties.networkProfile.networkInterfaces"
    interfaces = required(resource, path, "a list of network interfaces")
    for index, one in enumerate(interfaces):
        found = of_type(ctx.store, one.get("id"), INTERFACE)
        where = f"{path}[{index}].id"
        if found is None or found.get("location") != resource["location"]:
            sentence = f"Resource {one.get('id')} referenced by {resource['id']} was not found."
            raise bad(where, sentence, "InvalidResourceReference")
        for other in ctx.store.find(TYPE):
            theirs = (other["properties"].get("networkProfile") or {}).get("networkInterfaces")
            ids = {str(it.get("id")).lower() for it in theirs or []}
            same = other["id"].lower() == resource["id"].lower()
            if not same and found["id"].lower() in ids:
                sentence = f"Network interface {found['id']} is used by existing VM {other['id']}."
                raise ArmError(409, "NicInUse", sentence, where)
    primaries = [one for one in interfaces if at(one, "properties.primary")]
    if len(interfaces) > 1 and len(primaries) != 1:
        sentence = f"'{path}' has {len(primaries)} primary interfaces; wanted: exactly one."
        raise bad(path, sentence)


def _check_disk(ctx: Context, resource: Resource) -> None:
    path = "properties.storageProfile.osDisk"
    disk = required(resource, path, "the disk of the system")
    disk["createOption"] = one_of(disk.get("createOption"), _CREATION, f"{path}.createOption")
    image = at(resource, "properties.storageProfile.imageReference")
    if disk["createOption"] == "FromImage":
        words = ("publisher", "offer", "sku", "version")
        whole = isinstance(image, dict) and (image.get("id") or all(image.get(w) for w in words))
        if not whole:
            where = "properties.storageProfile.imageReference"
            sentence = f"'{where}' is {image!r}; wanted: an id, or {', '.join(words)}."
            raise bad(where, sentence)
    disk["caching"] = one_of(
        default(disk, "caching", "None"), ("None", "ReadOnly", "ReadWrite"), f"{path}.caching"
    )
    managed = default(disk, "managedDisk", {})
    kind = default(managed, "storageAccountType", "Standard_LRS")
    managed["storageAccountType"] = one_of(kind, _DISKS, f"{path}.managedDisk.storageAccountType")
    refer(ctx, resource, f"{path}.managedDisk.diskEncryptionSet.id", _SETS)
    gone = default(disk, "deleteOption", "Detach")
    disk["deleteOption"] = one_of(gone, ("Delete", "Detach"), f"{path}.deleteOption")
    default(disk, "name", f"{resource['name']}_OsDisk_1")
    default(resource["properties"]["storageProfile"], "dataDisks", [])


def _check_security(resource: Resource) -> None:
    profile = resource["properties"].get("securityProfile")
    if not profile:
        return
    path = "properties.securityProfile"
    if profile.get("securityType"):
        kind = one_of(profile["securityType"], _SECURITY, f"{path}.securityType")
        profile["securityType"] = kind
    elif profile.get("uefiSettings"):
        sentence = f"'{path}.uefiSettings' needs securityType TrustedLaunch or ConfidentialVM."
        raise bad(f"{path}.uefiSettings", sentence)
    for name in ("encryptionAtHost",):
        if not isinstance(profile.get(name), bool | None):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is {profile[name]!r}; wanted: a truth.")


def _check_system(resource: Resource) -> None:
    profile, path = resource["properties"]["osProfile"], "properties.osProfile"
    for name in ("computerName", "adminUsername"):
        value = required(resource, f"{path}.{name}", "a name")
        if not isinstance(value, str) or len(value) > _LONGEST_NAME:
            raise bad(f"{path}.{name}", f"'{path}.{name}' is {value!r}; wanted: a short name.")
    if profile["adminUsername"].lower() in {"admin", "administrator", "root", "guest", "test"}:
        sentence = f"The admin user name {profile['adminUsername']!r} is reserved; take another."
        raise bad(f"{path}.adminUsername", sentence)
    linux: dict[str, Any] = profile.get("linuxConfiguration") or {}
    no_password = linux.get("disablePasswordAuthentication") is True
    keys = at(linux, "ssh.publicKeys") or []
    if no_password and not keys:
        sentence = "Authentication with passwords is off and no SSH key is given; wanted: a key."
        raise bad(f"{path}.linuxConfiguration.ssh.publicKeys", sentence)
    if no_password and profile.get("adminPassword"):
        sentence = "Authentication with passwords is off, but adminPassword is given."
        raise bad(f"{path}.adminPassword", sentence)
    default(profile, "secrets", [])
    default(profile, "allowExtensionOperations", True)
    for name in _SECRETS:
        if profile.get(name):
            profile[name] = sealed(profile[name])
