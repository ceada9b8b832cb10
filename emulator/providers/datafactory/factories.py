"""Data factories."""

from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, choice, located, named, one_of, refer
from emulator.providers.datafactory.references import FACTORY

_IDENTITIES = ("SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned")
# Where a factory keeps its documents as code, with what each place needs.
_REPOSITORIES = {
    "FactoryGitHubConfiguration": (),
    "FactoryVSTSConfiguration": ("projectName",),
}
_NEEDED = ("accountName", "repositoryName", "collaborationBranch", "rootFolder")
_PARAMETERS = ("Object", "String", "Int", "Float", "Bool", "Array")


@behaviour
class Factory(Behaviour):
    """A factory."""

    type: ClassVar[str] = FACTORY
    globally_unique: ClassVar[bool] = True

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"(?=.{3,63}$)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*",
            "DataFactoryNameInvalid",
            "The factory name '{name}' is not valid: wanted are 3 to 63 letters, digits and "
            "single inner hyphens.",
        )
        located(resource)
        properties = resource["properties"]
        choice(properties, "publicNetworkAccess", ("Enabled", "Disabled"), "Enabled")
        identity = resource.get("identity")
        if identity is not None:
            kind = str(identity.get("type")).replace(" ", "")
            identity["type"] = one_of(kind, _IDENTITIES, "identity.type")
            has = bool(identity.get("userAssignedIdentities"))
            if ("UserAssigned" in identity["type"].split(",")) != has:
                sentence = (
                    f"identity.type is {identity['type']} {'with' if has else 'without'} "
                    "userAssignedIdentities; wanted: type and identities that agree."
                )
                raise bad("identity.userAssignedIdentities", sentence)
        path = "properties.purviewConfiguration.purviewResourceId"
        refer(ctx, resource, path, "Microsoft.Purview/accounts")
        _check_repository(properties.get("repoConfiguration"))
        _check_key(resource)
        for name, parameter in (properties.get("globalParameters") or {}).items():
            where = f"properties.globalParameters.{name}.type"
            parameter["type"] = one_of(parameter.get("type"), _PARAMETERS, where)
        carry(resource, previous, {"createTime": now()})
        properties["version"] = "2018-06-01"


def _check_repository(repository: dict[str, Any] | None) -> None:
    if repository is None:
        return
    path = "properties.repoConfiguration"
    kind = one_of(repository.get("type"), _REPOSITORIES, f"{path}.type")
    for name in (*_NEEDED, *_REPOSITORIES[kind]):
        if not repository.get(name):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is missing; {kind} needs it.")


def _check_key(resource: Resource) -> None:
    encryption = resource["properties"].get("encryption")
    if encryption is None:
        return
    path = "properties.encryption"
    for name in ("keyName", "vaultBaseUrl"):
        if not encryption.get(name):
            raise bad(f"{path}.{name}", f"'{path}.{name}' is missing; a key of your own needs it.")
    own = (encryption.get("identity") or {}).get("userAssignedIdentity")
    held = (resource.get("identity") or {}).get("userAssignedIdentities") or {}
    if str(own).lower() not in {id_.lower() for id_ in held}:
        sentence = (
            f"'{path}.identity.userAssignedIdentity' is {own!r}; wanted: an identity of "
            "identity.userAssignedIdentities, for a key of your own is read as that one."
        )
        raise bad(f"{path}.identity.userAssignedIdentity", sentence)
