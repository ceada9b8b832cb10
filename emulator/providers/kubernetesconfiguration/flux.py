"""Configurations that a cluster pulls from where they are kept."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, choice, default, flag, named, one_of, required
from emulator.providers.kubernetesconfiguration import extensions

# Kinds of sources with the property that describes each, and what that must have.
_SOURCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "GitRepository": ("gitRepository", ("url", "repositoryRef")),
    "Bucket": ("bucket", ("url", "bucketName")),
    "AzureBlob": ("azureBlob", ("url", "containerName")),
}
_SECONDS = 600
_REFERENCES = ("branch", "tag", "semver", "commit")


@behaviour
class FluxConfiguration(Behaviour):
    """One source and what of it is applied; the cluster must have the extension for it."""

    type: ClassVar[str] = "Microsoft.KubernetesConfiguration/fluxConfigurations"
    immutable: ClassVar[tuple[str, ...]] = ("properties.namespace", "properties.scope")

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource,
            r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?",
            "InvalidResourceName",
            "The configuration name '{name}' is not valid: wanted are 1 to 30 lower-case letters, "
            "digits and hyphens, a letter or digit first and last.",
        )
        extensions.require_cluster(resource)
        _require_flux(ctx, resource)
        properties = resource["properties"]
        default(properties, "namespace", "default")
        choice(properties, "scope", ("cluster", "namespace"), "cluster")
        flag(properties, "suspend", initial=False)
        _complete_source(resource)
        _complete_parts(properties)
        extensions.seal(properties, previous)
        # Nothing runs in the local Azure's clusters, so nothing was applied.
        properties["complianceState"] = "Pending"
        properties["statuses"] = []

    @override
    def view(self, ctx: Context, resource: Resource) -> Resource:
        return extensions.without_secrets(resource)


def _require_flux(ctx: Context, resource: Resource) -> None:
    cluster = parse(resource["id"]).scope
    installed = [
        str(one["properties"]["extensionType"]).lower()
        for one in ctx.store.children(cluster, extensions.TYPE)
    ]
    if "microsoft.flux" not in installed:
        sentence = f"{cluster} has no extension of type microsoft.flux; install it first."
        raise ArmError(400, "FluxExtensionNotInstalled", sentence)


def _complete_source(resource: Resource) -> None:
    properties = resource["properties"]
    kind = one_of(
        required(resource, "properties.sourceKind", ", ".join(_SOURCES)),
        _SOURCES,
        "properties.sourceKind",
    )
    properties["sourceKind"] = kind
    name, needed = _SOURCES[kind]
    path = f"properties.{name}"
    for word in needed:
        required(resource, f"{path}.{word}", f"what a source of kind {kind} needs")
    source: dict[str, Any] = properties[name]
    schemes = ("https", "http", "ssh") if kind == "GitRepository" else ("https", "http")
    url = urlsplit(str(source["url"]))
    # git@host:path is the short form of an ssh URL.
    if url.scheme not in schemes and not str(source["url"]).startswith("git@"):
        sentence = f"'{path}.url' is {source['url']!r}; wanted: a URL with {', '.join(schemes)}."
        raise bad(f"{path}.url", sentence)
    for word in ("timeoutInSeconds", "syncIntervalInSeconds"):
        default(source, word, _SECONDS)
    reference = source.get("repositoryRef")
    if reference is not None and not any(reference.get(word) for word in _REFERENCES):
        sentence = f"'{path}.repositoryRef' is empty; wanted: one of {', '.join(_REFERENCES)}."
        raise bad(f"{path}.repositoryRef", sentence)
    for other, _ in _SOURCES.values():
        if other != name and properties.get(other):
            sentence = f"'properties.{other}' is set although properties.sourceKind is {kind}."
            raise bad(f"properties.{other}", sentence)


def _complete_parts(properties: dict[str, Any]) -> None:
    parts: dict[str, dict[str, Any]] = default(properties, "kustomizations", {})
    if not parts:
        sentence = "properties.kustomizations is empty; wanted: at least one, by name."
        raise bad("properties.kustomizations", sentence)
    for name, part in parts.items():
        path = f"properties.kustomizations.{name}"
        part["name"] = name
        default(part, "path", "")
        default(part, "dependsOn", [])
        for word in ("timeoutInSeconds", "syncIntervalInSeconds"):
            default(part, word, _SECONDS)
        for word, initial in (("prune", False), ("force", False), ("wait", True)):
            flag(part, word, initial=initial)
        unknown = [other for other in part["dependsOn"] if other not in parts or other == name]
        if unknown:
            sentence = f"'{path}.dependsOn' names {unknown}; wanted: other kustomizations."
            raise bad(f"{path}.dependsOn", sentence)
