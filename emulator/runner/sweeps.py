"""Running a sweep: trials side by side, some ended early, the best one's outputs handed on."""

import json
import logging
import math
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.azureml import registration
from emulator.azureml.places import Places
from emulator.azureml.runs import Run
from emulator.runner import sweep_plan
from emulator.runner.errors import StepError, failure
from emulator.runner.logs import Log
from emulator.runner.model import Literal, Step, Value
from emulator.runner.nodes import Cluster
from emulator.runner.steps import StepRunner
from emulator.runner.stops import Stop
from emulator.runner.sweep_plan import SweepPlan
from emulator.tracking.metrics import Metrics

log = logging.getLogger(__name__)
SWEEP_LOG = "azureml-logs/hyperdrive.txt"
_LOOK_SECONDS = 0.1


@dataclass
class _Trial:
    run: Run
    stop: Stop
    began: float
    judged: int = 0
    values: list[float] = field(default_factory=list)


class Sweep:
    """One run of a sweep; its children are its trials."""

    def __init__(
        self,
        steps: StepRunner,
        cluster: Callable[[str], Cluster],
        run: Run,
        step: Step,
        stop: Stop,
    ) -> None:
        if step.sweep is None:
            msg = f"step {step.name!r} is no sweep"
            raise ValueError(msg)
        self.plan: SweepPlan = sweep_plan.once(step.sweep)
        self.steps, self.cluster, self.run, self.stop = steps, cluster, run, stop
        self.services, self.runs = steps.services, steps.runs
        self.metrics = Metrics(steps.services.store)
        self.wanted = step
        # a trial writes to a place of its own; only the best one's outputs go where they should
        bare = {
            key: replace(spec, uri=None, asset_name=None, asset_version=None)
            for key, spec in step.outputs.items()
        }
        self.step = replace(step, outputs=bare, sweep=None)
        self.trials: dict[str, _Trial] = {}
        self.ended: queue.Queue[str] = queue.Queue()

    def execute(self, inputs: Mapping[str, Value]) -> Run:
        """Run all trials; gives the sweep's run as it ended."""
        place = Places(self.services.store, self.run.workspace).artifacts(self.run.name, SWEEP_LOG)
        file = self.services.home / "runs" / self.run.name / "hyperdrive.txt"
        told = Log(self.services.blobs, place, file)
        try:
            self.run = self.runs.update(self.run, status="Running", started=time.time())
            told.say(f"Starting sweep {self.run.name}: {self.plan.total} trials at most")
            late = self._drive(inputs, told)
            status, error = self._judge(told, late=late)
        except StepError as failed:
            status, error = "Failed", failed.json()
        finally:
            told.close()
            file.unlink(missing_ok=True)
        return self.runs.update(self.run, status=status, error=error, ended=time.time())

    def _drive(self, inputs: Mapping[str, Value], told: Log) -> bool:
        """Start trials as others end; True when the whole sweep took too long."""
        samples = iter(self.plan.search.samples())
        deadline = math.inf
        if self.plan.timeout is not None:
            deadline = time.monotonic() + self.plan.timeout
        running: set[str] = set()
        number = 0
        while True:
            late = time.monotonic() > deadline
            open_ = not self.stop.event.is_set() and not late and number < self.plan.total
            while open_ and len(running) < self.plan.concurrent and number < self.plan.total:
                running.add(self._start(number, next(samples), inputs, told))
                number += 1
            if not running:
                return late
            if self.stop.event.is_set() or late:
                for name in running:
                    self.trials[name].stop.ask(self.stop.reason)
            try:
                name = self.ended.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._look(running, told)
            else:
                running.discard(name)
                self._note(name, told)

    def _start(
        self, number: int, sample: Mapping[str, str], inputs: Mapping[str, Value], told: Log
    ) -> str:
        name = f"{self.run.name}_{number}"
        made = self.runs.add(
            Run(
                workspace=self.run.workspace,
                name=name,
                kind="Command",
                experiment=self.run.experiment,
                parent=self.run.name,
                root=self.run.root,
                display_name=name,
                compute=str(self.step.compute).rsplit("/", 1)[-1],
                definition={
                    "jobType": "Command",
                    "command": self.step.command,
                    "environmentId": self.step.environment.removeprefix("azureml:"),
                    "inputs": {},
                    "outputs": {},
                },
                outputs={key: {"jobOutputType": s.type} for key, s in self.step.outputs.items()},
                tags={"hyperparameters": json.dumps(dict(sample))},
                created_by=self.run.created_by,
            )
        )
        trial = _Trial(made, Stop(), time.monotonic())
        self.trials[name] = trial
        given = {**inputs, **{key: Literal(value) for key, value in sample.items()}}
        tried = {f"AZUREML_SWEEP_{key}": value for key, value in sample.items()}
        step = replace(self.step, variables={**self.step.variables, **tried})
        told.say(f"Trial {name} starts with {json.dumps(dict(sample))}")
        threading.Thread(
            target=self._trial, args=(trial, step, given), name=f"trial {name}"
        ).start()
        return name

    def _trial(self, trial: _Trial, step: Step, given: Mapping[str, Value]) -> None:
        try:
            cluster = self.cluster(trial.run.compute or "")
            trial.run = self.steps.run(trial.run, step, given, cluster, trial.stop)
        except Exception as error:
            log.exception("trial %s failed", trial.run.name)
            why = failure("ServiceError", f"{type(error).__name__}: {error}")
            trial.run = self.runs.update(trial.run, status="Failed", error=why, ended=time.time())
        finally:
            self.ended.put(trial.run.name)

    def _look(self, running: set[str], told: Log) -> None:
        """End trials that take too long or are too bad to go on."""
        limit, policy = self.plan.trial_timeout, self.plan.policy
        # all are read before any is judged by what the others have reached
        for name in running:
            self._read(self.trials[name])
        for name in sorted(running):
            trial = self.trials[name]
            if trial.stop.event.is_set():
                continue
            if limit is not None and time.monotonic() - trial.began > limit:
                told.say(f"Trial {name} is cancelled: it took longer than {limit:g} s")
                trial.stop.ask()
                continue
            while policy is not None and trial.judged < len(trial.values):
                trial.judged += 1
                if policy.is_due(trial.judged) and self._is_hopeless(name, trial.judged):
                    told.say(f"Trial {name} is cancelled by the policy {policy.kind}")
                    trial.stop.ask()
                    break

    def _is_hopeless(self, name: str, logged: int) -> bool:
        policy = self.plan.policy
        histories = {one: trial.values for one, trial in self.trials.items()}
        return policy is not None and policy.ends(
            name, logged, histories, maximize=self.plan.maximize
        )

    def _read(self, trial: _Trial) -> None:
        history = self.metrics.history(trial.run, self.plan.metric)
        trial.values = [metric.value for metric in history if not math.isnan(metric.value)]

    def _note(self, name: str, told: Log) -> None:
        trial = self.trials[name]
        self._read(trial)
        shown = f"{self._score(trial):g}" if trial.values else "no value"
        told.say(f"Trial {name} {trial.run.status}, {self.plan.metric}: {shown}")

    def _score(self, trial: _Trial) -> float:
        return (max if self.plan.maximize else min)(trial.values)

    def _judge(self, told: Log, *, late: bool) -> tuple[str, dict[str, Any] | None]:
        if self.stop.event.is_set():
            if self.stop.reason is None:
                return "Canceled", None
            return "Failed", failure("ServiceError", self.stop.reason)
        if late:
            told.say(f"The sweep is cancelled: it took longer than {self.plan.timeout:g} s")
            return "Canceled", None
        done = [t for t in self.trials.values() if t.run.status == "Completed" and t.values]
        if not done:
            return "Failed", self._why()
        best = (max if self.plan.maximize else min)(done, key=self._score)
        told.say(f"Best trial: {best.run.name}, {self.plan.metric} {self._score(best):g}")
        made = self._hand_on(best.run)
        self.run = self.runs.merge(
            self.run,
            properties={
                "best_child_run_id": best.run.name,
                "best_metric_status": "Succeeded",
                "best_data_container_id": f"dcid.{best.run.name}",
                "score": repr(self._score(best)),
            },
        )
        self.run = self.runs.update(self.run, outputs={**self.run.outputs, **made})
        return "Completed", None

    def _why(self) -> dict[str, Any]:
        failed = [t.run for t in self.trials.values() if t.run.error]
        if failed:
            first = failed[0]
            said = str((first.error or {}).get("message"))
            msg = f"{len(failed)} of {len(self.trials)} trials failed; {first.name}: {said}"
        else:
            msg = (
                f"no trial that completed logged the primary metric {self.plan.metric!r}; log it"
                " with MLflow under exactly that name"
            )
        return failure("UserError", msg)

    def _hand_on(self, best: Run) -> dict[str, Any]:
        """The outputs of the best trial, where and as what the sweep's are wanted."""
        made: dict[str, Any] = {}
        for key, spec in self.wanted.outputs.items():
            found = dict(best.outputs.get(key) or {})
            if not found.get("uri"):
                continue
            if spec.uri:
                found["uri"] = self.steps.copy(self.run, self.wanted, key, str(found["uri"]))
            if spec.asset_name:
                store, workspace = self.services.store, self.run.workspace
                version = registration.register(store, workspace, spec, found["uri"], best.name)
                found |= {"assetName": spec.asset_name, "assetVersion": version}
            made[key] = found
        return made
