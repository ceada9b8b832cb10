"""Versions of data, models, environments, components and code: what cannot be changed in them."""

from collections.abc import Callable
from typing import ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.azureml import checks, uris
from emulator.azureml.places import PlaceError, Places
from emulator.azureml.text import NAMESPACE, bad, named, one_of, workspace_of

KINDS = ("data", "models", "environments", "components", "codes")
DATA_TYPES = ("uri_file", "uri_folder", "mltable")
MODEL_TYPES = ("custom_model", "mlflow_model", "triton_model")
_NAME = r"[A-Za-z0-9][\w.-]{0,254}"
_RULE = "up to 255 letters, digits, -, _ or ., a letter or digit first"


class _Version(Behaviour):
    """A version of an asset: its substance is fixed, its description and tags are not."""

    fixed: ClassVar[tuple[str, ...]] = ()

    @override
    def prepare(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        named(
            resource["name"],
            r"[A-Za-z0-9][\w.-]{0,29}|[0-9a-fA-F-]{32,64}",
            "Version",
            "up to 30 characters: " + _RULE,
        )
        named(asset_name(resource["id"]), _NAME, "Asset", _RULE)
        properties = resource.setdefault("properties", {})
        for key in ("tags", "properties"):
            properties[key] = {str(k): str(v) for k, v in (properties.get(key) or {}).items()}
        properties.setdefault("isArchived", False)
        properties.setdefault("isAnonymous", False)
        self.check(ctx, resource, properties, (previous or {}).get("properties") or {})
        properties["provisioningState"] = "Succeeded"
        if previous is not None:
            self._keep(resource, properties, previous["properties"])

    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        """What this kind of asset needs; may complete `properties`."""

    def _keep(self, resource: dict, properties: dict, old: dict) -> None:
        if old.get("isAnonymous"):
            # its version is a digest of its substance, whatever else a client says of it
            properties.clear()
            properties.update(old)
            return
        for key in self.fixed:
            before, after = old.get(key), properties.get(key)
            if after is None and before is not None:
                properties[key] = before
            elif before is not None and _substance(after) != _substance(before):
                raise changed(resource, key, before, after)


def changed(resource: dict, key: str, before: object, after: object) -> ArmError:
    """The refusal to change the substance of a version."""
    kind, name = resource["type"].split("/")[-2], asset_name(resource["id"])
    if key in ("dataUri", "modelUri", "codeUri"):
        msg = (
            f"Asset paths cannot be updated. {kind}/{name} version {resource['name']} points to"
            f" {before}; register {after} as a new version."
        )
        return ArmError(400, "UserError", msg, f"properties.{key}")
    msg = (
        f"{kind}/{name} version {resource['name']} already exists with another {key}, and a version"
        " is never changed; register a new version."
    )
    return ArmError(409, "Conflict", msg, f"properties.{key}")


def _substance(value: object) -> object:
    """A value without what the client or the service adds: id, hash and where it came from."""
    if isinstance(value, dict):
        return {
            k: _substance(v)
            for k, v in value.items()
            if k not in ("id", "_source", "creation_context", "$schema")
        }
    return value.rstrip("/") if isinstance(value, str) else value


def asset_name(id_: str) -> str:
    """The name of the asset that a version belongs to."""
    return id_.rstrip("/").split("/")[-3]


@behaviour
class DataVersion(_Version):
    """A version of a data asset."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/data/versions"
    fixed: ClassVar[tuple[str, ...]] = ("dataType", "dataUri")

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        properties["dataType"] = one_of(
            properties.get("dataType"), DATA_TYPES, "properties.dataType"
        )
        properties["dataUri"] = _resolved(ctx, resource, "dataUri", properties.get("dataUri"))


@behaviour
class ModelVersion(_Version):
    """A version of a model; its files must be there when it is registered."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/models/versions"
    fixed: ClassVar[tuple[str, ...]] = ("modelType", "modelUri")

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        properties["modelType"] = one_of(
            properties.get("modelType") or "custom_model", MODEL_TYPES, "properties.modelType"
        )
        given = properties.get("modelUri")
        properties["modelUri"] = _resolved(ctx, resource, "modelUri", given)
        properties["flavors"] = properties.get("flavors") or {}
        properties["stage"] = properties.get("stage") or old.get("stage") or ""
        job = uris.parse(str(given)) if given else None
        if isinstance(job, uris.JobOutput):
            properties["jobName"] = job.job
        elif old.get("jobName"):
            properties["jobName"] = old["jobName"]
        if not old:
            _need_files(ctx, resource, properties["modelUri"])


@behaviour
class EnvironmentVersion(_Version):
    """A version of an environment: an image, with a conda file or a build."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/environments/versions"
    fixed: ClassVar[tuple[str, ...]] = ("image", "condaFile", "build", "osType")

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        if not properties.get("image") and not properties.get("build"):
            msg = (
                f"Environment {asset_name(resource['id'])!r} has neither properties.image nor"
                " properties.build."
            )
            raise bad(msg, "properties.image")
        properties["osType"] = one_of(
            properties.get("osType") or "Linux", ("Linux", "Windows"), "properties.osType"
        )
        properties["environmentType"] = "UserCreated"


@behaviour
class ComponentVersion(_Version):
    """A version of a component: its specification, command and code."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/components/versions"
    fixed: ClassVar[tuple[str, ...]] = ("componentSpec",)

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        spec = properties.get("componentSpec")
        if not isinstance(spec, dict) or not spec.get("type"):
            msg = (
                "properties.componentSpec is missing or has no type; give the component's"
                " specification."
            )
            raise bad(msg, "properties.componentSpec")
        if str(spec["type"]).lower() == "command" and not str(spec.get("command") or "").strip():
            msg = f"Component {spec.get('name')!r} has no command."
            raise bad(msg, "properties.componentSpec.command")
        if str(spec["type"]).lower() == "pipeline":
            if spec.get("sourceJobId"):
                msg = "Components are not made from jobs here (sourceJobId); give their jobs."
                raise bad(msg, "properties.componentSpec.sourceJobId", "NotSupported")
            checks.pipeline_component(ctx.store, workspace_of(resource["id"]), spec)


@behaviour
class CodeVersion(_Version):
    """A version of code: the folder that a command runs in."""

    type: ClassVar[str] = f"{NAMESPACE}/workspaces/codes/versions"
    fixed: ClassVar[tuple[str, ...]] = ("codeUri",)

    @override
    def check(self, ctx: Context, resource: dict, properties: dict, old: dict) -> None:
        if not properties.get("codeUri"):
            msg = "properties.codeUri is missing; upload the code first (startPendingUpload)."
            raise bad(msg, "properties.codeUri")


def _resolved(ctx: Context, resource: dict, key: str, given: object) -> str:
    """The address that is kept: a job's output becomes the place where it lies."""
    if not isinstance(given, str) or not given:
        msg = f"properties.{key} is missing; give the path of the asset."
        raise bad(msg, f"properties.{key}")
    try:
        address = uris.parse(given)
        if not isinstance(address, uris.JobOutput):
            return given
        workspace = workspace_of(resource["id"])
        place = Places(ctx.store, workspace).datastore_path(address)
        return uris.long_datastore_uri(workspace, place)
    except (ValueError, PlaceError) as error:
        raise bad(str(error), f"properties.{key}", "UserError") from error


def _need_files(ctx: Context, resource: dict, uri: str) -> None:
    try:
        place = Places(ctx.store, workspace_of(resource["id"])).locate(uri)
    except PlaceError as error:
        raise bad(str(error), "properties.modelUri", "UserError") from error
    if not place.exists(ctx.services.blobs):
        msg = f"No files were found at {uri}; a model is registered after its files are there."
        raise bad(msg, "properties.modelUri", "UserError")


class _Container(Behaviour):
    """An asset as such: what its versions have in common."""

    @override
    def prepare(self, ctx: Context, resource: dict, previous: dict | None) -> None:
        named(resource["name"], _NAME, "Asset", _RULE)
        properties = resource.setdefault("properties", {})
        for key in ("tags", "properties"):
            properties[key] = properties.get(key) or {}
        properties.setdefault("isArchived", False)
        properties["provisioningState"] = "Succeeded"


def _container(kind: str) -> type[Behaviour]:
    made = type(
        f"{kind.title()}Container",
        (_Container,),
        {"type": f"{NAMESPACE}/workspaces/{kind}", "__doc__": _Container.__doc__},
    )
    return behaviour(made)


CONTAINERS: dict[str, Callable[[], Behaviour]] = {kind: _container(kind) for kind in KINDS}
