"""Signatures with which the service opens a workspace's storage to its clients."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from emulator.arm.behaviours import Services
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource, Store
from emulator.blob import datapath, signatures
from emulator.blob.errors import StorageError
from emulator.login.callers import Principal
from emulator.runner import identity

_VERSION = "2021-12-02"
_HOURS = 1
# The client's clock may be behind ours.
_EARLIER = timedelta(minutes=5)


def workspace_identity(store: Store, workspace: Resource) -> Principal | None:
    """Who the service is when it works for a workspace: the primary identity, or its own."""
    found = identity.of_resource(store, workspace)
    primary = str(workspace["properties"].get("primaryUserAssignedIdentity") or "").rstrip("/")
    if primary:
        named = primary.rpartition("/")[2].lower()
        return next((p for p in found if p.name.lower() == named), None)
    return found[-1] if found else None


def delegated(
    services: Services,
    workspace: Resource,
    place: tuple[str, str, str],
    permissions: str = "r",
) -> str:
    """A user-delegation SAS for a blob, or for a container where the path is empty.

    It is signed for the workspace's identity, so it opens nothing that this identity may not, and
    it works where shared keys are off.
    """
    account, container, path = place
    principal = workspace_identity(services.store, workspace)
    if principal is None:
        msg = f"Workspace {workspace['name']!r} has no identity to open account {account!r} with."
        raise ArmError(403, "UserError", msg)
    moment = datetime.now(UTC)
    fields = {
        **_window(permissions, path),
        "skoid": principal.object_id,
        "sktid": services.tokens.tenant_id,
        "skt": _stamp(moment - _EARLIER),
        "ske": _stamp(moment + timedelta(hours=_HOURS)),
        "sks": "b",
        "skv": _VERSION,
    }
    key = signatures.delegation_key(services.tokens, fields)
    return _signed(fields, key, (account, container, path))


def with_key(services: Services, account: str, container: str, permissions: str = "racwdl") -> str:
    """A SAS for a container, signed with the account's key."""
    fields = _window(permissions, "")
    return _signed(fields, account_key(services, account), (account, container, ""))


def account_key(services: Services, account: str) -> str:
    """A key of a storage account; ARM's error where it allows none."""
    try:
        resource = datapath.find_account(services.store, account)
        return datapath.keys_of(services, resource)[0]
    except StorageError as error:
        raise ArmError(error.status, error.code, error.message) from error


def _window(permissions: str, path: str) -> dict[str, str]:
    moment = datetime.now(UTC)
    return {
        "sp": permissions,
        "st": _stamp(moment - _EARLIER),
        "se": _stamp(moment + timedelta(hours=_HOURS)),
        "spr": "https",
        "sv": _VERSION,
        "sr": "b" if path else "c",
    }


def _signed(fields: dict[str, str], key: str, place: tuple[str, str, str]) -> str:
    text = signatures.sas_texts(fields, *place)[0]
    return urlencode({**fields, "sig": signatures.sign(key, text)})


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
