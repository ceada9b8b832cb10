"""The blob, file, queue and table service of an account; they come and go with it."""

from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.bodies import at
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, default, one_of
from emulator.providers.storage.accounts import TYPE

_METHODS = ("DELETE", "GET", "HEAD", "MERGE", "POST", "OPTIONS", "PUT", "PATCH", "CONNECT", "TRACE")
_RETENTIONS = ("deleteRetentionPolicy", "containerDeleteRetentionPolicy", "restorePolicy")
_MOST_RULES = 5


class Service(Behaviour):
    """What the services of an account share."""

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        if resource["name"] != "default":
            raise ArmError(
                400,
                "InvalidResourceName",
                f"The name of {resource['type']} is '{resource['name']}'; the only one is default.",
                "name",
            )
        properties = resource["properties"]
        rules = default(default(properties, "cors", {}), "corsRules", [])
        _check_cors(rules)
        owner = parse(resource["id"]).parent
        account = ctx.store.get(owner.text) if owner else None
        resource["sku"] = (account or {}).get("sku", {})

    @override
    def deleting(self, ctx: Context, resource: Resource) -> None:
        raise ArmError(
            405,
            "MethodNotAllowed",
            f"{resource['id']} cannot be deleted: it is there as long as its storage account.",
        )


def _check_cors(rules: list[dict[str, object]]) -> None:
    path = "properties.cors.corsRules"
    if len(rules) > _MOST_RULES:
        raise bad(path, f"'{path}' has {len(rules)} rules; at most {_MOST_RULES} are allowed.")
    for index, rule in enumerate(rules):
        for name in ("allowedOrigins", "allowedMethods", "allowedHeaders", "exposedHeaders"):
            if not isinstance(rule.get(name), list):
                raise bad(path, f"'{path}[{index}].{name}' is {rule.get(name)!r}; wanted: a list.")
        methods = rule["allowedMethods"]
        for method in methods if isinstance(methods, list) else []:
            one_of(method, _METHODS, f"{path}[{index}].allowedMethods")


@behaviour
class BlobService(Service):
    """The blob service, which can keep versions and what was deleted."""

    type: ClassVar[str] = f"{TYPE}/blobServices"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        super().prepare(ctx, resource, previous)
        properties = resource["properties"]
        for name in _RETENTIONS:
            policy = properties.get(name)
            if policy and policy.get("enabled"):
                between(policy.get("days"), 1, 365, f"properties.{name}.days")
        default(properties, "deleteRetentionPolicy", {"enabled": False})
        if not at(properties, "restorePolicy.enabled"):
            return
        wanted = (
            properties.get("isVersioningEnabled"),
            at(properties, "changeFeed.enabled"),
            at(properties, "deleteRetentionPolicy.enabled"),
        )
        if not all(wanted):
            raise bad(
                "properties.restorePolicy",
                "properties.restorePolicy needs isVersioningEnabled, changeFeed.enabled and "
                "deleteRetentionPolicy.enabled to be true.",
            )


@behaviour
class FileService(Service):
    """The file service."""

    type: ClassVar[str] = f"{TYPE}/fileServices"


@behaviour
class QueueService(Service):
    """The queue service."""

    type: ClassVar[str] = f"{TYPE}/queueServices"


@behaviour
class TableService(Service):
    """The table service."""

    type: ClassVar[str] = f"{TYPE}/tableServices"
