"""What a step is to do, read from a command job or from a pipeline node and its component."""

from collections.abc import Mapping

from emulator.runner.durations import PlanError, seconds
from emulator.runner.expressions import (
    ParentInput,
    ParentOutput,
    SiblingOutput,
    binding,
    replace_all,
)
from emulator.runner.graph import values
from emulator.runner.model import DATA_TYPES, Data, InputSpec, Literal, OutputSpec, Step, Value

_KINDS = ("command", "pipeline")
_LISTED = " and ".join(_KINDS)


def command_step(name: str, definition: Mapping) -> tuple[Step, dict[str, Value]]:
    """The step that a command job is, and what its inputs are bound to."""
    given = {k: v for k, v in (definition.get("inputs") or {}).items() if v is not None}
    step = Step(
        name=name,
        command=str(definition.get("command") or ""),
        environment=str(definition.get("environmentId") or ""),
        code=definition.get("codeId"),
        component=definition.get("componentId"),
        compute=definition.get("computeId"),
        inputs={k: InputSpec(type=_input_type(v)) for k, v in given.items()},
        outputs={k: _output(v) for k, v in (definition.get("outputs") or {}).items()},
        variables=_texts(definition.get("environmentVariables")),
        timeout=seconds((definition.get("limits") or {}).get("timeout")),
        identity=_identity(definition.get("identity")),
    )
    one_node(name, definition.get("resources"), definition.get("distribution"))
    return step, {k: job_input(v) for k, v in given.items()}


def pipeline_step(name: str, node: Mapping, component: Mapping, settings: Mapping) -> Step:
    """The step that a pipeline node is, from its component's specification."""
    kind = str(component.get("type") or "command").lower()
    if kind not in _KINDS or str(node.get("type") or kind).lower() != kind:
        found = component.get("type") or node.get("type")
        msg = f"step {name!r} is of type {found!r}; components of type {_LISTED} are run here"
        raise PlanError(msg)
    one_node(
        name, node.get("resources") or component.get("resources"), component.get("distribution")
    )
    outputs = {}
    for key, spec in (component.get("outputs") or {}).items():
        set_by_node = (node.get("outputs") or {}).get(key)
        outputs[key] = _output(set_by_node if isinstance(set_by_node, Mapping) else {}, spec)
    limits = node.get("limits") or component.get("limits") or {}
    return Step(
        name=name,
        command=str(component.get("command") or ""),
        environment=str(
            _first(node, "environmentId", "environment") or component.get("environment") or ""
        ),
        code=component.get("code"),
        component=_first(node, "componentId", "component_id"),
        compute=_first(node, "computeId", "compute")
        or _first(settings, "default_compute", "defaultCompute"),
        inputs={k: _component_input(v) for k, v in (component.get("inputs") or {}).items()},
        outputs=outputs,
        variables={
            **_texts(component.get("environment_variables")),
            **_texts(node.get("environment_variables") or node.get("environmentVariables")),
        },
        timeout=seconds(limits.get("timeout")),
        identity=_identity(node.get("identity")),
        deterministic=kind != "pipeline" and bool(component.get("is_deterministic", True)),
        datastore=str(
            _first(settings, "default_datastore", "defaultDatastore") or "workspaceblobstore"
        ),
        nested=component if kind == "pipeline" else None,
    )


def bind_inputs(
    step: Step, node: Mapping, parent: Mapping[str, Value], made: Mapping[str, Mapping[str, Data]]
) -> dict[str, Value]:
    """The value of each input of a step; those without one take their default or stay away."""
    given = dict(values(node))
    unknown = sorted(set(given) - set(step.inputs))
    if unknown:
        has = ", ".join(step.inputs) or "none"
        msg = (
            f"step {step.name!r} is given the inputs {', '.join(unknown)}, but its component has:"
            f" {has}"
        )
        raise PlanError(msg)
    result: dict[str, Value] = {}
    for key, spec in step.inputs.items():
        value = _bound(step.name, key, spec, given.get(key), parent, made)
        if value is None and spec.default is not None:
            value = Literal(spec.default)
        if value is not None:
            result[key] = value
        elif not spec.optional:
            msg = f"step {step.name!r}: input {key!r} ({spec.type}) has no value and no default"
            raise PlanError(msg)
    return result


def _bound(  # noqa: PLR0917  the four sources a value can come from
    step: str,
    key: str,
    spec: InputSpec,
    given: object,
    parent: Mapping[str, Value],
    made: Mapping[str, Mapping[str, Data]],
) -> Value | None:
    if given is None:
        return None
    match binding(given):
        case ParentInput(name):
            return parent.get(name)
        case SiblingOutput(node, output):
            if output not in made.get(node, {}):
                msg = (
                    f"step {step!r}: input {key!r} reads output {output!r} of step {node!r}, which"
                    " has none of that name"
                )
                raise PlanError(msg)
            return made[node][output]
        case ParentOutput(name):
            msg = (
                f"step {step!r}: input {key!r} is bound to the pipeline's output {name!r}; bind it"
                " to a step's output"
            )
            raise PlanError(msg)
        case None:
            return Data(str(given), spec.type) if spec.type in DATA_TYPES else Literal(str(given))


def job_input(given: Mapping) -> Value:
    """The value of an input of a job as ARM writes it."""
    kind = _input_type(given)
    if kind in DATA_TYPES:
        return Data(str(given.get("uri") or ""), kind)
    return Literal(str(given.get("value", "")))


def parent_output(node: Mapping, output: str) -> str | None:
    """The pipeline output that a node's output is bound to."""
    given = (node.get("outputs") or {}).get(output)
    bound = binding(given.get("value") if isinstance(given, Mapping) else given)
    return bound.name if isinstance(bound, ParentOutput) else None


def nested_job(step: Step, inputs: Mapping[str, Value], settings: Mapping) -> dict[str, object]:
    """The pipeline job that a step of a pipeline is, once its inputs are known."""
    outputs = {}
    for key, spec in step.outputs.items():
        given = {"jobOutputType": spec.type, "uri": spec.uri}
        given |= {"assetName": spec.asset_name, "assetVersion": spec.asset_version}
        outputs[key] = {word: value for word, value in given.items() if value is not None}
    return {
        "jobType": "Pipeline",
        "jobs": (step.nested or {})["jobs"],
        "computeId": step.compute,
        "settings": dict(settings),
        "inputs": {key: _given(value) for key, value in inputs.items()},
        "outputs": outputs,
    }


def _given(value: Value) -> dict[str, str]:
    if isinstance(value, Data):
        return {"jobInputType": value.type, "uri": value.uri}
    return {"jobInputType": "literal", "value": value.text}


def switch(settings: Mapping, snake: str, camel: str) -> bool:
    """A setting that is on or off; deployments keep it as text."""
    return str(settings.get(snake, settings.get(camel, False))).lower() == "true"


def destination(step: Step, output: str, run: str, spec: OutputSpec) -> str:
    """Where an output goes: where the job says, else a folder of the run in its datastore."""
    known = {"name": run, "output_name": output, "default_datastore": step.datastore}

    def lookup(expression: str) -> str:
        if expression not in known:
            msg = (
                f"step {step.name!r}: output {output!r} has ${{{{{expression}}}}} in its path;"
                f" known are {', '.join(known)}"
            )
            raise PlanError(msg)
        return known[expression]

    if spec.uri:
        return replace_all(spec.uri, lookup)
    tail = "" if spec.type == "uri_file" else "/"
    return f"azureml://datastores/{step.datastore}/paths/azureml/{run}/{output}{tail}"


def one_node(name: str, resources: object, distribution: object) -> None:
    """Refuse what needs more than one process or node, rather than run it on one in silence."""
    wanted = resources if isinstance(resources, Mapping) else {}
    count = wanted.get("instance_count", wanted.get("instanceCount")) or 1
    if int(count) > 1 or distribution:
        msg = (
            f"step {name!r} asks for {count} nodes or a distribution; steps run on one node and in"
            " one process here"
        )
        raise PlanError(msg)


def _input_type(given: Mapping) -> str:
    return str(given.get("jobInputType") or given.get("job_input_type") or "literal").lower()


def _component_input(spec: Mapping) -> InputSpec:
    default = spec.get("default")
    return InputSpec(
        type=str(spec.get("type", "string")).lower(),
        optional=bool(spec.get("optional", False)),
        default=None if default is None else str(default),
    )


def _output(given: Mapping | None, spec: Mapping | None = None) -> OutputSpec:
    given = given or {}
    kind = given.get("jobOutputType") or given.get("job_output_type") or (spec or {}).get("type")
    if str(kind) == "literal" or kind is None:
        kind = (spec or {}).get("type", "uri_folder")
    version = _first(given, "assetVersion", "asset_version")
    return OutputSpec(
        type=str(kind).lower(),
        uri=given.get("uri") or given.get("path"),
        asset_name=_first(given, "assetName", "asset_name"),
        asset_version=None if version is None else str(version),
    )


def merged_output(step: OutputSpec, given: Mapping | None) -> OutputSpec:
    """What the pipeline says of its own output wins over what the step says."""
    if not given:
        return step
    own = _output(given, {"type": step.type})
    return OutputSpec(
        type=step.type,
        uri=own.uri or step.uri,
        asset_name=own.asset_name or step.asset_name,
        asset_version=own.asset_version or step.asset_version,
    )


def _identity(given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    kind = _first(given, "identityType", "identity_type", "type")
    client = _first(given, "clientId", "client_id")
    return {"type": str(kind or ""), **({"client_id": str(client)} if client else {})}


def _first(given: Mapping, *names: str) -> str | None:
    return next((str(given[name]) for name in names if given.get(name)), None)


def _texts(given: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in given.items()} if isinstance(given, Mapping) else {}
