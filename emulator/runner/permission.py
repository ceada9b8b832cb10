"""Whether a step's identity may read or write a container, as the blob service would decide."""

from emulator.arm.store import Store
from emulator.azureml.places import Place
from emulator.blob import datapath
from emulator.blob.errors import StorageError
from emulator.login.callers import Caller

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_ACTIONS = {"read": f"{_BLOBS}/read", "write": f"{_BLOBS}/write"}


def refusal(store: Store, caller: Caller, place: Place, verb: str) -> str | None:
    """Why `verb` (read or write) is refused at a place; None when it is allowed."""
    try:
        if place.credential != "None":
            # the datastore keeps a credential, so the caller's roles do not matter; its place does
            datapath.check_place(store, caller, datapath.find_account(store, place.account))
        else:
            datapath.authorize(store, caller, place.account, place.container, _ACTIONS[verb])
    except StorageError as error:
        return f"{error.code}: {error.message}"
    return None
