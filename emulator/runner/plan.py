"""What a step is to do, read from a job of its own, and where its outputs go."""

from collections.abc import Mapping
from dataclasses import replace

from emulator.runner import sweep_plan
from emulator.runner.durations import PlanError, seconds
from emulator.runner.expressions import replace_all
from emulator.runner.model import InputSpec, OutputSpec, Step, Value
from emulator.runner.reading import identity, input_type, job_input, launch, output, texts


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
        inputs={k: InputSpec(type=input_type(v)) for k, v in given.items()},
        outputs={k: output(v) for k, v in (definition.get("outputs") or {}).items()},
        variables=texts(definition.get("environmentVariables")),
        timeout=seconds((definition.get("limits") or {}).get("timeout")),
        identity=identity(definition.get("identity")),
        launch=launch(name, definition.get("resources"), definition.get("distribution")),
    )
    return step, {k: job_input(v) for k, v in given.items()}


def sweep_step(name: str, definition: Mapping) -> tuple[Step, dict[str, Value]]:
    """The step that a sweep job is: its trial, and what is tried."""
    plan = sweep_plan.read(definition)
    step, inputs = command_step(name, sweep_plan.trial(definition))
    return replace(step, sweep=plan), inputs


def step_of(name: str, definition: Mapping) -> tuple[Step, dict[str, Value]]:
    """The step that a job which is no pipeline is."""
    read = sweep_step if definition["jobType"] == "Sweep" else command_step
    return read(name, definition)


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
