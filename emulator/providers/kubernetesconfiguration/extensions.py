"""Extensions of a cluster."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.login.principals import MANAGED_IDENTITY
from emulator.providers.checks import bad, default, flag, named, one_of, required
from emulator.providers.sealing import sealed_all

TYPE = "Microsoft.KubernetesConfiguration/extensions"
CLUSTER = "Microsoft.ContainerService/managedClusters"
SECRETS = "configurationProtectedSettings"
_MACHINE_LEARNING = "microsoft.azureml.kubernetes"
# Extension types with their newest version and the namespace that they use by themselves.
_TYPES: Mapping[str, tuple[str, str]] = {
    _MACHINE_LEARNING: ("1.1.85", "azureml"),
    "microsoft.flux": ("1.17.3", "flux-system"),
    "microsoft.dapr": ("1.15.5", "dapr-system"),
    "microsoft.azuredefender.kubernetes": ("0.9.40", "mdc"),
    "microsoft.azuremonitor.containers": ("3.1.29", "azuremonitor-containers"),
    "microsoft.azuremonitor.containers.metrics": ("6.22.0", "kube-system"),
    "microsoft.azurekeyvaultsecretsprovider": ("1.7.1", "kube-system"),
    "microsoft.dataprotection.kubernetes": ("0.0.3021", "dataprotection-microsoft"),
    "microsoft.policyinsights": ("1.10.2", "kube-system"),
}
_SERVICES = ("nodePort", "loadBalancer", "clusterIP")


@behaviour
class Extension(Behaviour):
    """An extension; a cluster holds one instance of a type."""

    type: ClassVar[str] = TYPE
    immutable: ClassVar[tuple[str, ...]] = ("properties.extensionType", "properties.scope")

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
            "InvalidResourceName",
            "The extension name '{name}' is not valid: wanted are lower-case letters, digits, "
            "hyphens and periods, a letter or digit first and last.",
        )
        require_cluster(resource)
        properties = resource["properties"]
        given = required(resource, "properties.extensionType", ", ".join(_TYPES))
        path = "properties.extensionType"
        kind = one_of(given, _TYPES, path, "ExtensionTypeRegistrationGetFailed")
        for other in ctx.store.children(parse(resource["id"]).scope, TYPE):
            same = str(other["properties"]["extensionType"]).lower() == kind
            if same and other["id"].lower() != resource["id"].lower():
                sentence = f"The cluster has '{kind}' as extension '{other['name']}' already."
                raise ArmError(409, "ExtensionTypeAlreadyInstalled", sentence, path)
        _complete_version(properties, _TYPES[kind][0])
        _complete_scope(properties, _TYPES[kind][1])
        default(properties, "configurationSettings", {})
        seal(properties, previous)
        if kind == _MACHINE_LEARNING:
            _check_machine_learning(properties)
        properties["isSystemExtension"] = False
        default(properties, "statuses", [])
        principals = ctx.services.principals
        own = principals.of_resource(resource["id"])
        own = own or principals.add(resource["id"], MANAGED_IDENTITY, resource["id"])
        properties["aksAssignedIdentity"] = {
            "type": "SystemAssigned",
            "principalId": own.object_id,
            "tenantId": ctx.services.tokens.tenant_id,
        }

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return without_secrets(resource)


def require_cluster(resource: Resource) -> None:
    """Refuse what does not stand below a cluster.

    Raises:
        ArmError: 400.
    """
    scope = parse(resource["id"]).scope
    if parse(scope).type.lower() != CLUSTER.lower():
        sentence = f"'{resource['name']}' stands below {scope}; wanted: below a {CLUSTER}."
        raise bad("id", sentence, "InvalidScope")


def seal(properties: dict[str, Any], previous: Resource | None) -> None:
    """Keep digests of the protected settings; those left out of a later body stay."""
    old = (previous or {}).get("properties", {}).get(SECRETS)
    given = properties.get(SECRETS)
    if given is None and not old:
        properties.pop(SECRETS, None)
        return
    properties[SECRETS] = old if given is None else sealed_all(given)


def without_secrets(resource: Resource) -> Resource:
    """Return a resource as a GET shows it."""
    shown = {name: value for name, value in resource["properties"].items() if name != SECRETS}
    return {**resource, "properties": shown}


def _complete_version(properties: dict[str, Any], newest: str) -> None:
    by_itself = flag(properties, "autoUpgradeMinorVersion", initial=True)
    version = properties.get("version")
    if by_itself and version:
        sentence = (
            f"properties.version is {version!r} with autoUpgradeMinorVersion true; wanted: either "
            "a version and autoUpgradeMinorVersion false, or no version."
        )
        raise bad("properties.version", sentence)
    if not by_itself and not version:
        sentence = "properties.version is missing; autoUpgradeMinorVersion false needs it."
        raise bad("properties.version", sentence)
    default(properties, "releaseTrain", "Stable")
    properties["currentVersion"] = version or newest


def _complete_scope(properties: dict[str, Any], usual: str) -> None:
    scope = default(properties, "scope", {"cluster": {"releaseNamespace": usual}})
    wide, narrow = scope.get("cluster"), scope.get("namespace")
    if (wide is None) == (narrow is None):
        sentence = "properties.scope has cluster and namespace, or neither; wanted: one of them."
        raise bad("properties.scope", sentence)
    if wide is not None:
        default(wide, "releaseNamespace", usual)
    elif not narrow.get("targetNamespace"):
        sentence = "properties.scope.namespace.targetNamespace is missing; wanted: a namespace."
        raise bad("properties.scope.namespace.targetNamespace", sentence)


def _check_machine_learning(properties: dict[str, Any]) -> None:
    """Refuse what the extension's own checks refuse when it is installed."""
    settings = properties["configurationSettings"]
    secrets = properties.get(SECRETS) or {}
    path, code = "properties.configurationSettings", "ExtensionOperationFailed"

    def is_on(name: str) -> bool:
        return str(settings.get(name, "False")).lower() == "true"

    if not is_on("enableTraining") and not is_on("enableInference"):
        sentence = f"'{path}' has neither enableTraining nor enableInference True; wanted: one."
        raise bad(path, sentence, code)
    if not is_on("enableInference"):
        return
    service = settings.get("inferenceRouterServiceType")
    one_of(service, _SERVICES, f"{path}.inferenceRouterServiceType", code)
    certified = settings.get("sslSecret") or {"sslCertPemFile", "sslKeyPemFile"} <= set(secrets)
    if not is_on("allowInsecureConnections") and not certified:
        sentence = (
            f"'{path}.allowInsecureConnections' is not True, so inference needs a certificate: "
            f"sslSecret in '{path}', or sslCertPemFile and sslKeyPemFile in properties.{SECRETS}."
        )
        raise bad(f"{path}.sslSecret", sentence, code)
    if certified and not settings.get("sslCname"):
        sentence = f"'{path}.sslCname' is missing; a certificate needs the name that it is for."
        raise bad(f"{path}.sslCname", sentence, code)
