"""The parts of jobs and of pipelines' nodes, whichever of their two spellings they have."""

from collections.abc import Mapping

from emulator.runner.durations import PlanError
from emulator.runner.model import DATA_TYPES, Data, InputSpec, Launch, Literal, OutputSpec, Value


def job_input(given: Mapping) -> Value:
    """The value of an input of a job as ARM writes it."""
    kind = input_type(given)
    if kind in DATA_TYPES:
        return Data(str(given.get("uri") or ""), kind)
    return Literal(str(given.get("value", "")))


def input_type(given: Mapping) -> str:
    """The type of an input; what says none is a literal."""
    return str(given.get("jobInputType") or given.get("job_input_type") or "literal").lower()


def component_input(spec: Mapping) -> InputSpec:
    """What a component says of one of its inputs."""
    default = spec.get("default")
    return InputSpec(
        type=str(spec.get("type", "string")).lower(),
        optional=bool(spec.get("optional", False)),
        default=None if default is None else str(default),
    )


def output(given: Mapping | None, spec: Mapping | None = None) -> OutputSpec:
    """An output, from what a job or node says and what its component does."""
    given = given or {}
    kind = given.get("jobOutputType") or given.get("job_output_type") or (spec or {}).get("type")
    if str(kind) == "literal" or kind is None:
        kind = (spec or {}).get("type", "uri_folder")
    version = first(given, "assetVersion", "asset_version")
    return OutputSpec(
        type=str(kind).lower(),
        uri=given.get("uri") or given.get("path"),
        asset_name=first(given, "assetName", "asset_name"),
        asset_version=None if version is None else str(version),
    )


def merged_output(step: OutputSpec, given: Mapping | None) -> OutputSpec:
    """What the pipeline says of its own output wins over what the step says."""
    if not given:
        return step
    own = output(given, {"type": step.type})
    return OutputSpec(
        type=step.type,
        uri=own.uri or step.uri,
        asset_name=own.asset_name or step.asset_name,
        asset_version=own.asset_version or step.asset_version,
    )


def identity(given: object) -> dict[str, str]:
    """The identity that a job asks for."""
    if not isinstance(given, Mapping):
        return {}
    kind = first(given, "identityType", "identity_type", "type")
    client = first(given, "clientId", "client_id")
    return {"type": str(kind or ""), **({"client_id": str(client)} if client else {})}


def launch(name: str, resources: object, distribution: object, *, alike: bool = False) -> Launch:
    """How the processes of a step are started; those that are all alike need no distribution.

    Raises:
        PlanError: in a way that is not run here.
    """
    wanted = resources if isinstance(resources, Mapping) else {}
    count = wanted.get("instance_count", wanted.get("instanceCount")) or 1
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        msg = f"step {name!r}: instance_count is {count!r}; give a whole number, 1 or more"
        raise PlanError(msg)
    given = distribution if isinstance(distribution, Mapping) else {}
    kind = str(first(given, "distributionType", "distribution_type", "type") or "").lower()
    if not kind and (count == 1 or alike):
        return Launch(instances=count)
    if kind != "pytorch":
        msg = (
            f"step {name!r} asks for {count} nodes with the distribution {kind or 'none'!r};"
            " PyTorch's is run here, whose variables any collective can use"
        )
        raise PlanError(msg)
    each = given.get("processCountPerInstance", given.get("process_count_per_instance")) or 1
    if not isinstance(each, int) or isinstance(each, bool) or each < 1:
        msg = f"step {name!r}: process_count_per_instance is {each!r}; give 1 or more"
        raise PlanError(msg)
    return Launch(instances=count, processes=each, distributed=True)


def first(given: Mapping, *names: str) -> str | None:
    """The text under the first of these names that has one."""
    return next((str(given[name]) for name in names if given.get(name)), None)


def texts(given: object) -> dict[str, str]:
    """A mapping of texts, empty where there is none."""
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
