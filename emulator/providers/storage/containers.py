"""Blob containers, which the blob service and ARM see as the same thing."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import choice, flag, named
from emulator.providers.storage.accounts import TYPE

NAME = r"[a-z0-9](?!.*--)[a-z0-9-]{1,61}[a-z0-9]"


@behaviour
class BlobContainer(Behaviour):
    """A container of the blob service."""

    type: ClassVar[str] = f"{TYPE}/blobServices/containers"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if resource["name"] not in {"$web", "$root", "$logs"}:
            named(
                resource,
                NAME,
                "ContainerNameInvalid",
                "The container name '{name}' is not valid: wanted are 3 to 63 lower-case letters, "
                "digits and hyphens, a letter or digit first and last, no two hyphens in a row.",
            )
        properties = resource["properties"]
        public = choice(properties, "publicAccess", ("None", "Blob", "Container"), "None")
        account = ctx.store.get(_account(resource["id"])) or {"properties": {}, "name": ""}
        if public != "None" and account["properties"].get("allowBlobPublicAccess") is not True:
            raise ArmError(
                409,
                "PublicAccessNotPermitted",
                f"Public access is not permitted on this storage account: properties.publicAccess "
                f"of container '{resource['name']}' is {public}, and allowBlobPublicAccess of "
                f"'{account['name']}' is not true.",
                "properties.publicAccess",
            )
        flag(properties, "denyEncryptionScopeOverride", initial=False)
        properties.setdefault("defaultEncryptionScope", "$account-encryption-key")
        properties |= {
            "leaseState": "Available",
            "leaseStatus": "Unlocked",
            "hasImmutabilityPolicy": False,
            "hasLegalHold": False,
        }

    @override
    def created(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if previous is None:
            account = parse(resource["id"]).names[0]
            public = resource["properties"]["publicAccess"].lower()
            ctx.services.blobs.create_container(account, resource["name"], public=public)

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        account = parse(resource["id"]).names[0]
        ctx.services.blobs.delete_container(account, resource["name"])


def _account(container_id: str) -> str:
    return container_id.rsplit("/", 4)[0]
