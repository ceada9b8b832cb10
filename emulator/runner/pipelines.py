"""Running a pipeline: steps start when what they read is there; a failure stops what waits."""

import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.azureml import checks, reuse
from emulator.azureml.places import Places
from emulator.azureml.runs import Run
from emulator.runner.children import Children
from emulator.runner.durations import PlanError
from emulator.runner.errors import failure
from emulator.runner.graph import dependencies, downstream, ready
from emulator.runner.logs import Log
from emulator.runner.model import Data, Step, Value
from emulator.runner.nodes import Cluster
from emulator.runner.pipeline_plan import (
    bind_inputs,
    nested_job,
    parent_output,
    pipeline_step,
    switch,
)
from emulator.runner.reading import job_input, merged_output
from emulator.runner.steps import StepRunner
from emulator.runner.stops import Stop
from emulator.runner.sweeps import Sweep

EXECUTION_LOG = "logs/azureml/executionlogs.txt"


@dataclass
class _State:
    """What is known while a pipeline runs; guarded by its condition."""

    started: set[str] = field(default_factory=set)
    ended: dict[str, Run] = field(default_factory=dict)
    made: dict[str, dict[str, Data]] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def succeeded(self) -> set[str]:
        return {name for name, run in self.ended.items() if run.status == "Completed"}


class Pipeline:
    """One run of a pipeline job."""

    def __init__(
        self, steps: StepRunner, cluster: Callable[[str], Cluster], run: Run, stop: Stop
    ) -> None:
        self.steps, self.cluster, self.run, self.stop = steps, cluster, run, stop
        self.services, self.runs = steps.services, steps.runs
        definition = run.definition
        self.nodes: Mapping[str, Any] = definition["jobs"]
        self.settings: Mapping[str, Any] = definition.get("settings") or {}
        self.needs = dependencies(self.nodes)
        self.inputs: dict[str, Value] = {
            key: job_input(given)
            for key, given in (definition.get("inputs") or {}).items()
            if given
        }
        self.state = _State()
        self.children = Children(self.runs, run)

    def execute(self) -> Run:
        """Run all steps that can run; gives the pipeline's run as it ended."""
        place = Places(self.services.store, self.run.workspace).artifacts(
            self.run.name, EXECUTION_LOG
        )
        folder = self.services.home / "runs" / self.run.name
        log = Log(self.services.blobs, place, folder / "executionlogs.txt")
        try:
            self.run = self.runs.update(self.run, status="Running", started=time.time())
            log.say(f"Starting pipeline run {self.run.name} with {len(self.nodes)} steps")
            self._drive(log)
            return self._finish(log)
        finally:
            log.close()
            shutil.rmtree(folder, ignore_errors=True)

    def _drive(self, log: Log) -> None:
        state = self.state
        threads: list[threading.Thread] = []
        with state.changed:
            while True:
                if not self.stop.event.is_set() and not self._halted():
                    for name in ready(self.needs, state.started, state.succeeded):
                        state.started.add(name)
                        thread = threading.Thread(
                            target=self._node, args=(name, log), name=f"step {name}"
                        )
                        thread.start()
                        threads.append(thread)
                if len(state.ended) == len(state.started):
                    break
                state.changed.wait()
        for thread in threads:
            thread.join()

    def _halted(self) -> bool:
        go_on = switch(self.settings, "continue_on_step_failure", "continueOnStepFailure")
        return not go_on and any(run.status != "Completed" for run in self.state.ended.values())

    def _node(self, name: str, log: Log) -> None:
        child: Run | None = None
        try:
            step, inputs = self._plan(name)
            child = self.children.add(name, self.nodes[name], step)
            child = self._reused(child, step, inputs, log) or self._run(child, step, inputs, log)
            with self.state.changed:
                self.state.made[name] = {
                    key: Data(str(made["uri"]), step.outputs[key].type)
                    for key, made in child.outputs.items()
                    if made.get("uri") and key in step.outputs
                }
                self._publish(name, step, child)
        except PlanError as error:
            child = self.children.failed(name, child, "UserError", str(error))
        except Exception as error:  # noqa: BLE001  whatever went wrong, the pipeline must end and say so
            child = self.children.failed(
                name, child, "ServiceError", f"{type(error).__name__}: {error}"
            )
        finally:
            with self.state.changed:
                if child is not None:
                    self.state.ended[name] = child
                    log.say(f"Step {name} [{child.name}] {child.status}")
                self.state.changed.notify_all()

    def _plan(self, name: str) -> tuple[Step, dict[str, Value]]:
        node = self.nodes[name]
        spec = checks.component_spec(self.services.store, self.run.workspace, node)
        step = pipeline_step(name, node, spec, self.settings)
        step = self._with_parent_outputs(name, step)
        with self.state.changed:
            return step, bind_inputs(step, node, self.inputs, self.state.made)

    def _with_parent_outputs(self, name: str, step: Step) -> Step:
        outputs = {}
        for key, spec in step.outputs.items():
            parent = parent_output(self.nodes[name], key)
            outputs[key] = merged_output(
                spec, (self.run.definition.get("outputs") or {}).get(parent or "")
            )
        compute = step.compute or self.run.definition.get("computeId")
        return replace(step, outputs=outputs, compute=compute)

    def _reused(self, child: Run, step: Step, inputs: dict[str, Value], log: Log) -> Run | None:
        if not step.deterministic:
            return None
        key = reuse.key(self.services, self.run.workspace, step, inputs)
        force = switch(self.settings, "force_rerun", "forceRerun")
        found = None if force else reuse.find(self.services, self.runs, self.run.workspace, key)
        if found is None:
            self.runs.update(child, reuse_key=key)
            return None
        log.say(f"Step {child.display_name} reuses the results of {found.name}")
        now = time.time()
        child = self.runs.merge(
            child, properties={"azureml.isreused": "true", "azureml.reusedrunid": found.name}
        )
        return self.runs.update(
            child, status="Completed", started=now, ended=now, outputs=found.outputs
        )

    def _run(self, child: Run, step: Step, inputs: dict[str, Value], log: Log) -> Run:
        if step.nested is not None:
            log.say(f"Step {child.display_name} [{child.name}] starts as a pipeline")
            definition = nested_job(step, inputs, self.settings)
            child = self.runs.update(child, definition=definition)
            return Pipeline(self.steps, self.cluster, child, self.stop).execute()
        log.say(f"Step {child.display_name} [{child.name}] is submitted to {child.compute}")
        if step.sweep is not None:
            return Sweep(self.steps, self.cluster, child, step, self.stop).execute(inputs)
        return self.steps.run(child, step, inputs, self.cluster(child.compute or ""), self.stop)

    def _publish(self, name: str, step: Step, child: Run) -> None:
        """What the pipeline gives out is where its step put it."""
        outputs = dict((self.runs.get(self.run.workspace, self.run.name) or self.run).outputs)
        for key in step.outputs:
            parent = parent_output(self.nodes[name], key)
            if parent is not None and child.outputs.get(key, {}).get("uri"):
                outputs[parent] = {**outputs.get(parent, {}), **child.outputs[key]}
        self.run = self.runs.update(self.run, outputs=outputs)

    def _finish(self, log: Log) -> Run:
        state = self.state
        for name in self.nodes:
            if name not in state.started:
                self.children.skipped(name, self.nodes[name])
        failed = [name for name, run in state.ended.items() if run.status == "Failed"]
        if self.stop.event.is_set() and self.stop.reason is None:
            status, error = "Canceled", None
        elif self.stop.event.is_set():
            status, error = "Failed", failure("ServiceError", str(self.stop.reason))
        elif failed:
            status, error = "Failed", self._why(failed)
        else:
            status, error = "Completed", None
        log.say(f"Pipeline run {self.run.name} {status}")
        # whoever sees the end must find the whole log
        log.close()
        return self.runs.update(self.run, status=status, error=error, ended=time.time())

    def _why(self, failed: list[str]) -> dict[str, Any]:
        first = self.state.ended[failed[0]]
        error = first.error or {}
        lost = sorted(set().union(*(downstream(self.needs, name) for name in failed)))
        message = (
            f"Pipeline has failed child jobs. Step '{failed[0]}' ({first.name}) failed:"
            f" {error.get('message', '')}"
        )
        if lost:
            message += f"\nNot run because of it: {', '.join(lost)}"
        made = failure(str(error.get("code") or "UserError"), message, failed[0])
        made["details"] = [
            failure(str((run.error or {}).get("code")), str((run.error or {}).get("message")), name)
            for name, run in self.state.ended.items()
            if run.error
        ]
        return made
