"""A workspace's encryption with a key of one's own: given at creation, rotated, never removed."""

from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml.text import bad, one_of

_PATH = "properties.encryption"
_VAULT = "Microsoft.KeyVault/vaults"


def prepare(ctx: Context, resource: Resource, previous: Resource | None) -> None:
    """Check properties.encryption.

    Raises:
        ArmError: the key cannot be used, or is given or taken after the creation.
    """
    properties = resource["properties"]
    given = properties.get("encryption")
    if previous is not None:
        _check_unchanged(properties, previous["properties"])
    if not given:
        return
    given["status"] = one_of(
        given.get("status") or "Enabled", ("Enabled", "Disabled"), f"{_PATH}.status"
    )
    if given["status"] == "Disabled":
        return
    vault_path = f"{_PATH}.keyVaultProperties.keyVaultArmId"
    wanted = at(resource, vault_path)
    vault = ctx.store.get(str(wanted or ""))
    if vault is None or str(vault.get("type", "")).lower() != _VAULT.lower():
        msg = f"{vault_path} {wanted} was not found; create the {_VAULT} first."
        raise bad(msg, vault_path, "DependentResourceNotFound")
    if vault["properties"].get("enablePurgeProtection") is not True:
        msg = f"Key vault {vault['name']!r} has no purge protection, which a key for data needs."
        raise bad(msg, vault_path)
    _check_key(resource, vault)
    _check_identity(resource, given)


def _check_key(resource: Resource, vault: Resource) -> None:
    path = f"{_PATH}.keyVaultProperties.keyIdentifier"
    key = str(at(resource, path) or "")
    start = f"https://{vault['name'].lower()}.vault.azure.net/keys/"
    if not key.lower().startswith(start) or not key[len(start) :].strip("/"):
        msg = f"{path} is {key!r}; give the id of a key of the vault, {start}..."
        raise bad(msg, path)


def _check_identity(resource: Resource, given: dict[str, Any]) -> None:
    named = (given.get("identity") or {}).get("userAssignedIdentity")
    assigned = (resource.get("identity") or {}).get("userAssignedIdentities") or {}
    if named and str(named).lower() not in {str(id_).lower() for id_ in assigned}:
        path = f"{_PATH}.identity.userAssignedIdentity"
        msg = f"{path} {named} is not one of identity.userAssignedIdentities."
        raise bad(msg, path)


def _check_unchanged(new: dict[str, Any], old: dict[str, Any]) -> None:
    before, after = old.get("encryption") or {}, new.get("encryption") or {}
    if not before and not after:
        return
    # The key itself may be another one of the same vault: that is its rotation.
    for path in ("status", "keyVaultProperties.keyVaultArmId", "identity.userAssignedIdentity"):
        was, is_ = at(before, path), at(after, path)
        if str(was or "").lower() != str(is_ or "").lower():
            msg = (
                f"{_PATH}.{path} cannot be changed from {was} to {is_} after the workspace was"
                " created; make a new workspace."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", msg, f"{_PATH}.{path}")
