"""Running one step: its nodes, its processes, and how it ended."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml import computes
from emulator.azureml.runs import Run, Runs
from emulator.runner import identity, launches, parallel
from emulator.runner.conda import EnvironmentRefusedError
from emulator.runner.environments import EnvironmentBuildError
from emulator.runner.errors import StepError, failure
from emulator.runner.expressions import ExpressionError, command_line
from emulator.runner.identity import Grants
from emulator.runner.model import Step, Value
from emulator.runner.nodes import Cluster, WaitEndedError
from emulator.runner.parallel import Parallel, Room
from emulator.runner.parallel_plan import ParallelPlan
from emulator.runner.plan import destination
from emulator.runner.stops import CanceledError, Stop
from emulator.runner.workplace import Bound, Workplace, carrier_of

Json = dict[str, Any]


@dataclass(frozen=True)
class StepRunner:
    """Runs steps of any workspace on this machine."""

    services: Services
    runs: Runs
    grants: Grants

    def run(
        self, run: Run, step: Step, inputs: Mapping[str, Value], cluster: Cluster, stop: Stop
    ) -> Run:
        """Run a step to its end, whatever that is; the run says which."""
        workspace = self.services.store.get(run.workspace)
        folder = self.services.home / "runs" / run.name
        if workspace is None:
            return self._end(run, "Failed", failure("ServiceError", "the workspace was deleted"))
        try:
            run = self.runs.update(run, status="Queued")
            limit, count = partial(self._limit, workspace, run), step.launch.instances
            with cluster.nodes(run.name, limit, stop.event.is_set, count):
                stop.check()
                run = self.runs.update(run, status="Preparing", started=time.time())
                room = Workplace(self.services, workspace, run, step, folder)
                return self._on_nodes(room, inputs, stop)
        except (CanceledError, WaitEndedError):
            if stop.reason is None:
                return self._end(run, "Canceled", None)
            return self._end(run, "Failed", failure("ServiceError", stop.reason))
        except StepError as error:
            return self._end(run, "Failed", error.json())
        except (
            ExpressionError,
            identity.NoIdentityError,
            EnvironmentRefusedError,
        ) as error:
            return self._end(run, "Failed", failure("UserError", str(error)))
        except EnvironmentBuildError as error:
            message = f"the environment could not be built: {error}"
            return self._end(run, "Failed", failure("UserError", message, "ImageBuildFailure"))
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def copy(self, run: Run, step: Step, output: str, source: str) -> str:
        """Copy data to where an output of a step is to go; gives that place's address."""
        workspace = self.services.store.get(run.workspace)
        if workspace is None:
            msg = "the workspace was deleted"
            raise StepError(msg, "ServiceError")
        _grant, carrier = carrier_of(self.services, workspace, step)
        uri = destination(step, output, run.name, step.outputs[output])
        carrier.copy(f"output {output!r}", source, uri)
        return uri

    def _on_nodes(self, place: Workplace, inputs: Mapping[str, Value], stop: Stop) -> Run:
        environment = place.environment()
        stop.check()
        grant, carrier = carrier_of(self.services, place.workspace, place.step)
        bound = place.bind(carrier, inputs)
        stop.check()
        run = self.runs.update(place.run, status="Running", started=time.time())
        with self.grants.granted(grant) as tokens:
            values = place.variables(environment, bound, tokens)
            if place.step.parallel is not None:
                room = (environment, values)
                problem = self._in_batches(place, place.step.parallel, bound, room, stop)
            else:
                problem = self._processes(place, bound, values, stop)
        run = self.runs.update(run, status="Finalizing", process=None, process_started=None)
        place.leave_artifacts()
        stop.check()
        if problem is not None:
            raise StepError(problem)
        run = self.runs.update(run, outputs=place.take_outputs(carrier, bound))
        return self._end(run, "Completed", None)

    def _processes(
        self, place: Workplace, bound: Bound, values: Mapping[str, str], stop: Stop
    ) -> str | None:
        """Run the command, once or as often as it is distributed; gives what went wrong."""
        step = place.step
        line = command_line(step.command, bound.literals, bound.paths, bound.outputs)
        logs = [place.log(name) for name in launches.logs(step.launch)]
        try:
            started = launches.start(step.launch, line, place.works, values, logs)
            self.runs.update(place.run, process=started.leader, process_started=started.since)
            return launches.watch(started, stop, step.timeout)
        finally:
            for log in logs:
                log.close()

    def _in_batches(
        self,
        place: Workplace,
        plan: ParallelPlan,
        bound: Bound,
        room: tuple[Path, Mapping[str, str]],
        stop: Stop,
    ) -> str | None:
        """Run the entry script over all mini batches; gives what went wrong."""
        environment, values = room
        names = parallel.logs(place.step.launch.instances * plan.concurrency)
        log, *others = [place.log(name) for name in names]
        try:
            work = Parallel(
                plan,
                Room(
                    folder=place.folder / "batches",
                    works=place.works,
                    environment=environment,
                    variables=values,
                    arguments=command_line(
                        plan.arguments, bound.literals, bound.paths, bound.outputs
                    ),
                    log=log,
                    worker_logs=[other.file for other in others],
                ),
                Path(bound.paths[plan.input]),
                stop,
            )
            problem = work.execute()
            if problem is None and plan.append_to is not None:
                work.append(Path(bound.outputs[plan.append_to]))
            return problem
        finally:
            for each in (log, *others):
                each.close()

    def _limit(self, workspace: Resource, run: Run) -> int:
        found = self.services.store.get(f"{workspace['id']}/computes/{run.compute}")
        return computes.scale(found)[1] if found else 1

    def _end(self, run: Run, status: str, error: Json | None) -> Run:
        return self.runs.update(
            run, status=status, error=error, ended=time.time(), process=None, process_started=None
        )
