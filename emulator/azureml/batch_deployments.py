"""Deployments of batch endpoints: which pipeline or model an invocation runs, and how."""

from collections.abc import Mapping
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import checks
from emulator.azureml.text import NAMESPACE, bad, named, one_of, workspace_of
from emulator.azureml.uris import AssetVersion, parse

TYPE = f"{NAMESPACE}/workspaces/batchEndpoints/deployments"
_CONFIGURATION = "properties.deploymentConfiguration"
_SETTINGS = ("continue_on_step_failure", "default_compute", "default_datastore", "force_rerun")


@behaviour
class BatchDeployment(Behaviour):
    """A deployment; what it runs is there when it is made, and can run on its compute."""

    type: ClassVar[str] = TYPE

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        named(
            resource["name"],
            r"[A-Za-z](?=.{2,31}$)[A-Za-z0-9-]*[A-Za-z0-9]",
            "Deployment",
            "3 to 32 letters, digits or -, a letter first, no - at the end",
        )
        if not resource.get("location"):
            msg = "location is missing; give the region of the workspace."
            raise bad(msg, "location", "LocationRequired")
        properties = resource["properties"]
        configuration = properties.get("deploymentConfiguration")
        if not isinstance(configuration, dict):
            msg = (
                f"Deployment {resource['name']!r} has no {_CONFIGURATION}; pipeline components are"
                " deployed here, models are not."
            )
            raise ArmError(501, "NotImplemented", msg, _CONFIGURATION)
        kind = configuration.get("deploymentConfigurationType")
        path = f"{_CONFIGURATION}.deploymentConfigurationType"
        configuration["deploymentConfigurationType"] = one_of(kind, ("PipelineComponent",), path)
        _check_component(ctx, resource, configuration, previous)
        properties["properties"] = properties.get("properties") or {}
        properties["provisioningState"] = "Succeeded"

    @override
    def deleted(self, ctx: Context, resource: Resource) -> None:
        endpoint = ctx.store.get(resource["id"].rpartition("/deployments/")[0])
        if endpoint is None:
            return
        defaults = endpoint["properties"].get("defaults") or {}
        if str(defaults.get("deploymentName")).lower() == resource["name"].lower():
            defaults["deploymentName"] = None
            ctx.store.put(endpoint)


def _check_component(
    ctx: Context, resource: Resource, configuration: dict[str, Any], previous: Resource | None
) -> None:
    path = f"{_CONFIGURATION}.componentId.assetId"
    id_ = str((configuration.get("componentId") or {}).get("assetId") or "")
    workspace = workspace_of(resource["id"])
    spec = specification(ctx, workspace, id_, path)
    settings = {str(k): _text(v) for k, v in (configuration.get("settings") or {}).items()}
    unknown = sorted(set(settings) - set(_SETTINGS))
    if unknown:
        msg = f"{_CONFIGURATION}.settings has {', '.join(unknown)}; known are {_SETTINGS}."
        raise bad(msg, f"{_CONFIGURATION}.settings")
    configuration["settings"] = settings
    checks.deployed(ctx.store, workspace, spec, settings)
    if previous is not None:
        before = previous["properties"]["deploymentConfiguration"]["componentId"]["assetId"]
        if before.lower() != id_.lower():
            msg = (
                f"{path} of deployment {resource['name']!r} cannot be changed from {before} to"
                f" {id_}; make another deployment and set it as the endpoint's default."
            )
            raise ArmError(409, "PropertyChangeNotAllowed", msg, path)


def specification(ctx: Context, workspace: str, id_: str, path: str) -> Mapping[str, Any]:
    """The specification of the pipeline component with that id.

    Raises:
        ArmError: there is none, or it is of another type.
    """
    try:
        address = parse(id_)
    except ValueError as error:
        raise bad(f"{path} is {id_!r}: {error}", path) from error
    found = None
    if isinstance(address, AssetVersion) and address.kind == "components":
        name = f"{workspace}/components/{address.name}/versions/{address.version}"
        found = ctx.store.get(name)
    if found is None:
        msg = f"{path} is {id_!r}, which was not found; register the component first."
        raise bad(msg, path, "UserError")
    spec = found["properties"]["componentSpec"]
    if str(spec.get("type")).lower() != "pipeline":
        msg = f"{path} is a component of type {spec.get('type')}; wanted: a pipeline component."
        raise bad(msg, path, "UserError")
    return spec


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
