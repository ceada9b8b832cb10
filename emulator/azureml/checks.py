"""What is held against a job or a pipeline component before anything of it starts."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.store import Store
from emulator.azureml.text import bad, last
from emulator.azureml.uris import AssetVersion, parse
from emulator.runner.durations import PlanError
from emulator.runner.expressions import ExpressionError, ParentInput, ParentOutput, binding
from emulator.runner.graph import GraphError, dependencies, values
from emulator.runner.model import Step
from emulator.runner.pipeline_plan import pipeline_step
from emulator.runner.plan import step_of

Resource = dict[str, Any]
_ERRORS = (PlanError, GraphError, ExpressionError, KeyError)
# Pipelines in pipelines: deeper than that, a component runs itself.
_DEEPEST = 8


def job(store: Store, workspace: str, name: str, definition: Resource) -> str | None:
    """Refuse a job that can never run; gives its compute when it has but one."""
    try:
        if definition["jobType"] != "Pipeline":
            step, _values = step_of(name, definition)
            return _compute(store, workspace, step, None)
        nodes = definition.get("jobs")
        if not isinstance(nodes, dict) or not nodes:
            msg = "properties.jobs is empty; a pipeline has one step or more."
            raise bad(msg, "properties.jobs")
        default = definition.get("computeId")
        used = _nodes(store, workspace, nodes, definition.get("settings") or {}, default)
        return used.pop() if len(used) == 1 else None
    except _ERRORS as error:
        raise bad(str(error), "properties.jobs", "UserError") from error


def pipeline_component(store: Store, workspace: str, spec: Mapping[str, Any]) -> None:
    """Refuse a pipeline component whose steps can never run, wherever it is used."""
    target = "properties.componentSpec.jobs"
    nodes = spec.get("jobs")
    if not isinstance(nodes, dict) or not nodes:
        msg = f"Component {spec.get('name')!r} has no jobs; a pipeline has one step or more."
        raise bad(msg, target)
    try:
        dependencies(nodes)
        for name, node in nodes.items():
            pipeline_step(name, node, component_spec(store, workspace, node), {})
            _bindings(name, node, spec)
    except _ERRORS as error:
        raise bad(str(error), target, "UserError") from error


def deployed(
    store: Store, workspace: str, spec: Mapping[str, Any], settings: Mapping[str, Any]
) -> None:
    """Refuse to deploy a pipeline component whose steps have no compute with these settings."""
    try:
        _nodes(store, workspace, spec["jobs"], settings, None)
    except _ERRORS as error:
        raise bad(str(error), "properties.deploymentConfiguration", "UserError") from error


def component_spec(store: Store, workspace: str, node: Mapping[str, Any]) -> Resource:
    """The specification of the component that a pipeline node runs."""
    trial = node.get("trial")
    given = trial if isinstance(trial, Mapping) else node
    id_ = str(given.get("componentId") or given.get("component_id") or "")
    try:
        address = parse(id_)
    except ValueError:
        address = None
    found = None
    if isinstance(address, AssetVersion) and address.version:
        found = store.get(f"{workspace}/components/{address.name}/versions/{address.version}")
    if found is None:
        msg = (
            f"step {node.get('name')!r} runs the component {id_!r}, which the workspace does not"
            " have"
        )
        raise PlanError(msg)
    return found["properties"]["componentSpec"]


def _nodes(  # noqa: PLR0917  a pipeline in its workspace, and how deep it lies in others
    store: Store,
    workspace: str,
    nodes: Mapping[str, Any],
    settings: Mapping[str, Any],
    default: str | None,
    depth: int = 0,
) -> set[str]:
    """Check all steps of a pipeline and of those in it; gives the computes that they use."""
    if depth > _DEEPEST:
        msg = f"pipelines lie more than {_DEEPEST} deep in each other"
        raise PlanError(msg)
    dependencies(nodes)
    used: set[str] = set()
    for node, given in nodes.items():
        step = pipeline_step(node, given, component_spec(store, workspace, given), settings)
        if step.nested is not None:
            inner = step.nested["jobs"]
            used |= _nodes(store, workspace, inner, settings, default, depth + 1)
        else:
            used.add(_compute(store, workspace, step, default))
    return used


def _bindings(name: str, node: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    """Refuse a step that is bound to inputs or outputs that its component does not declare."""
    inputs, outputs = spec.get("inputs") or {}, spec.get("outputs") or {}
    outer = [value for _, value in values({"inputs": node.get("outputs")})]
    for value in [*(value for _, value in values(node)), *outer]:
        bound = binding(value)
        if isinstance(bound, ParentInput) and bound.name not in inputs:
            msg = (
                f"step {name!r} reads the pipeline's input {bound.name!r}; the component has:"
                f" {', '.join(inputs) or 'none'}"
            )
            raise PlanError(msg)
        if isinstance(bound, ParentOutput) and bound.name not in outputs:
            msg = (
                f"step {name!r} writes the pipeline's output {bound.name!r}; the component has:"
                f" {', '.join(outputs) or 'none'}"
            )
            raise PlanError(msg)


def _compute(store: Store, workspace: str, step: Step, default: str | None) -> str:
    given = step.compute or default
    if not given:
        msg = f"step {step.name!r} has no compute; give it one or set the default_compute"
        raise PlanError(msg)
    found = store.get(f"{workspace}/computes/{last(given)}")
    if found is None:
        have = ", ".join(c["name"] for c in store.children(workspace, "computes")) or "none"
        msg = (
            f"step {step.name!r} wants compute {last(given)!r}, which the workspace does not have;"
            f" it has: {have}"
        )
        raise PlanError(msg)
    if found["properties"]["computeType"] != "AmlCompute":
        kind = found["properties"]["computeType"]
        msg = (
            f"step {step.name!r} wants compute {found['name']!r} of type {kind}; jobs run on"
            " AmlCompute here"
        )
        raise PlanError(msg)
    most = int(found["properties"]["properties"]["scaleSettings"]["maxNodeCount"])
    if step.launch.instances > most:
        msg = (
            f"step {step.name!r} wants {step.launch.instances} nodes, but compute {found['name']!r}"
            f" has at most {most}"
        )
        raise PlanError(msg)
    return found["name"]
