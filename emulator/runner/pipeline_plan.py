"""What the nodes of a pipeline are to do, read from them and their components."""

from collections.abc import Mapping
from dataclasses import replace

from emulator.runner import parallel_plan, sweep_plan
from emulator.runner.durations import PlanError, seconds
from emulator.runner.expressions import ParentInput, ParentOutput, SiblingOutput, binding
from emulator.runner.graph import values
from emulator.runner.model import DATA_TYPES, Data, InputSpec, Literal, Step, Value
from emulator.runner.reading import component_input, first, identity, launch, output, texts

_KINDS = ("command", "pipeline", "parallel")
# A sweep's node names the component of its trials.
_NODES = {**{kind: (kind,) for kind in _KINDS}, "sweep": _KINDS[:1]}


def pipeline_step(name: str, node: Mapping, component: Mapping, settings: Mapping) -> Step:
    """The step that a pipeline node is, from its component's specification."""
    kind = str(component.get("type") or "command").lower()
    node_kind = str(node.get("type") or kind).lower()
    if kind not in _NODES.get(node_kind, ()):
        msg = (
            f"step {name!r} is of type {node_kind!r} with a component of type {kind!r}; steps of"
            f" type {', '.join(_NODES)} are run here, with components of type {', '.join(_KINDS)}"
        )
        raise PlanError(msg)
    outputs = {}
    for key, spec in (component.get("outputs") or {}).items():
        set_by_node = (node.get("outputs") or {}).get(key)
        outputs[key] = output(set_by_node if isinstance(set_by_node, Mapping) else {}, spec)
    # a parallel step says what it runs in a part of its own
    task = {**(component.get("task") or {}), **(node.get("task") or {})}
    runs = task if kind == "parallel" else component
    limits = component.get("limits") or {}
    if node_kind == "command":
        limits = node.get("limits") or limits
    step = Step(
        name=name,
        command=str(component.get("command") or ""),
        environment=str(
            first(node, "environmentId", "environment") or runs.get("environment") or ""
        ),
        code=runs.get("code"),
        component=first(node, "componentId", "component_id"),
        compute=first(node, "computeId", "compute")
        or first(settings, "default_compute", "defaultCompute"),
        inputs={k: component_input(v) for k, v in (component.get("inputs") or {}).items()},
        outputs=outputs,
        variables={
            **texts(component.get("environment_variables")),
            **texts(node.get("environment_variables") or node.get("environmentVariables")),
        },
        timeout=seconds(limits.get("timeout")),
        identity=identity(node.get("identity")),
        deterministic=kind != "pipeline" and bool(component.get("is_deterministic", True)),
        datastore=str(
            first(settings, "default_datastore", "defaultDatastore") or "workspaceblobstore"
        ),
        nested=component if kind == "pipeline" else None,
        launch=launch(
            name,
            node.get("resources") or component.get("resources"),
            node.get("distribution") or component.get("distribution"),
            alike=kind == "parallel",
        ),
        parallel=parallel_plan.read(name, node, component) if kind == "parallel" else None,
    )
    if node_kind != "sweep":
        return step
    plan = sweep_plan.read(node)
    own = sweep_plan.without(plan, step.inputs, name)
    trial = first(node.get("trial") or {}, "componentId", "component_id")
    return replace(step, sweep=plan, inputs=own, component=trial)


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
