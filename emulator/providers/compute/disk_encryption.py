"""Disk encryption sets: a key of one's own for disks."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, choice, flag, located, refer, required

TYPE = "Microsoft.Compute/diskEncryptionSets"
_VAULT = "Microsoft.KeyVault/vaults"
_MACHINES = "Microsoft.Compute/virtualMachines"
_CLUSTERS = "Microsoft.ContainerService/managedClusters"
_KINDS = (
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
    "ConfidentialVmEncryptedWithCustomerKey",
)


@behaviour
class EncryptionSet(Behaviour):
    """A key of a vault that outlives mistakes, and the identity that uses it."""

    type: ClassVar[str] = TYPE
    immutable: ClassVar[tuple[str, ...]] = ("properties.encryptionType",)

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        located(resource)
        kind = str((resource.get("identity") or {}).get("type") or "None")
        if kind.lower() == "none":
            sentence = f"'{resource['name']}' has no identity; wanted: one that reads the key."
            raise bad("identity", sentence, "IdentityRequired")
        properties = resource["properties"]
        choice(properties, "encryptionType", _KINDS, _KINDS[0])
        path = "properties.activeKey.keyUrl"
        key = str(required(resource, path, "the address of a key"))
        vault = refer(ctx, resource, "properties.activeKey.sourceVault.id", _VAULT)
        renewed = flag(properties, "rotationToLatestKeyVersionEnabled", initial=False)
        if vault is not None:
            _check_vault(vault, key)
        parts = key.removeprefix("https://").strip("/").split("/")
        wanted = 3 if renewed else 4  # host, keys, name and version
        if len(parts) < wanted or parts[1] != "keys":
            sentence = f"'{path}' is {key!r}; wanted: the address of a version of a key."
            raise bad(path, sentence)
        before = at(previous or {}, "properties.activeKey.keyUrl")
        changed = previous is None or before != key
        made: dict[str, Any] = {"lastKeyRotationTimestamp": now(), "previousKeys": []}
        carry(resource, None if changed else previous, made)

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        wanted = resource["id"].lower()
        path = "properties.storageProfile.osDisk.managedDisk.diskEncryptionSet.id"
        users = [
            *(one for one in ctx.store.find(_MACHINES) if str(at(one, path)).lower() == wanted),
            *(
                one
                for one in ctx.store.find(_CLUSTERS)
                if str(at(one, "properties.diskEncryptionSetID")).lower() == wanted
            ),
        ]
        if users:
            sentence = f"'{resource['name']}' is in use by {users[0]['id']}; delete that first."
            raise ArmError(409, "OperationNotAllowed", sentence)


def _check_vault(vault: Resource, key: str) -> None:
    if vault["properties"].get("enablePurgeProtection") is not True:
        sentence = f"Key vault '{vault['name']}' has no purge protection, which disks need."
        raise bad("properties.activeKey.sourceVault.id", sentence, "KeyVaultNotPurgeProtected")
    if not key.lower().startswith(f"https://{vault['name'].lower()}.vault.azure.net/"):
        sentence = f"The key {key!r} is not one of the vault '{vault['name']}'."
        raise bad("properties.activeKey.keyUrl", sentence)
