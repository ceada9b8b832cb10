"""The runs of a pipeline's steps: made when a step starts, or when it never will."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.azureml.runs import Run, Runs
from emulator.runner import sweep_plan
from emulator.runner.errors import failure
from emulator.runner.model import Step


@dataclass(frozen=True)
class Children:
    """Makes the children of one run."""

    runs: Runs
    parent: Run

    def add(self, name: str, node: Mapping[str, Any], step: Step) -> Run:
        """The run of a step that starts now."""
        kind = "Sweep" if step.sweep is not None else "Command"
        kind = "Pipeline" if step.nested is not None else kind
        definition: dict[str, Any] = {"jobType": kind, "componentId": bare(step.component)}
        if kind != "Pipeline":
            definition |= {
                "command": step.command or (step.parallel.entry_script if step.parallel else ""),
                "codeId": bare(step.code),
                "environmentId": bare(step.environment),
                "environmentVariables": dict(step.variables),
                "inputs": {},
                "outputs": {},
            }
        if step.sweep is not None:
            words = ("command", "codeId", "environmentId", "environmentVariables")
            trial = {word: definition.pop(word) for word in words}
            definition |= {"trial": trial, **sweep_plan.shown(step.sweep)}
        return self.runs.add(
            replace(
                self._blank(kind),
                display_name=str(node.get("display_name") or name),
                compute=str(step.compute).rsplit("/", 1)[-1] if step.compute else None,
                definition=definition,
                outputs={k: {"jobOutputType": v.type} for k, v in step.outputs.items()},
                properties={"azureml.moduleName": name, "azureml.nodeName": name},
            )
        )

    def failed(self, name: str, child: Run | None, code: str, message: str) -> Run:
        """The run of a step that could not be run, or not to its end."""
        if child is None:
            child = self.runs.add(replace(self._blank(), display_name=name))
        return self.runs.update(
            child, status="Failed", error=failure(code, message), ended=time.time()
        )

    def skipped(self, name: str, node: Mapping[str, Any]) -> Run:
        """The run of a step that never starts."""
        shown = str(node.get("display_name") or name)
        run = self.runs.add(replace(self._blank(), display_name=shown, status="Canceled"))
        return self.runs.update(run, ended=time.time())

    def _blank(self, kind: str = "Command") -> Run:
        parent = self.parent
        return Run(
            workspace=parent.workspace,
            name=str(uuid.uuid4()),
            kind=kind,
            experiment=parent.experiment,
            parent=parent.name,
            root=parent.root,
            created_by=parent.created_by,
            definition={"jobType": kind},
        )


def bare(id_: str | None) -> str | None:
    """An ARM id without the word that clients put before it."""
    return None if id_ is None else id_.removeprefix("azureml:")
