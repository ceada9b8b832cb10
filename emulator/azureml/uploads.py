"""Pending uploads: a fresh place for code or a model, opened by a signature that lasts an hour."""

import uuid

from emulator.arm.behaviours import Context
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import sas
from emulator.azureml.datastores import DEFAULT
from emulator.azureml.text import last


def start(ctx: Context, workspace: Resource, kind: str, name: str, version: str) -> dict:
    """The answer of `startPendingUpload`: a container of its own for this version."""
    storage = workspace["properties"].get("storageAccount")
    if not storage:
        msg = f"Workspace {workspace['name']!r} has no storage account to upload to."
        raise ArmError(400, "UserError", msg)
    account = last(storage)
    container = f"{workspace['properties']['workspaceId'][:8]}-{uuid.uuid4()}"
    ctx.services.blobs.create_container(account, container)
    uri = f"https://{account}.blob.core.windows.net/{container}"
    token = sas.delegated(ctx.services, workspace, (account, container, ""), "rcwl")
    return {
        "pendingUploadId": str(uuid.uuid4()),
        "pendingUploadType": "TemporaryBlobReference",
        "blobReferenceForConsumption": {
            "blobUri": uri,
            "storageAccountArmId": storage,
            "credential": {"credentialType": "SAS", "sasUri": f"{uri}?{token}"},
        },
        "dataStoreName": DEFAULT,
        "assetId": f"azureml:{kind}/{name}/versions/{version}",
    }
