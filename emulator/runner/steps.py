"""Running one command: environment, code, inputs, the process, outputs."""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml import computes, registration
from emulator.azureml.places import Place, Places
from emulator.azureml.runs import Run, Runs
from emulator.runner import environments, identity, launches, variables
from emulator.runner.conda import EnvironmentRefusedError
from emulator.runner.conda_files import conda_text
from emulator.runner.data import Carrier
from emulator.runner.environments import EnvironmentBuildError
from emulator.runner.errors import StepError, failure
from emulator.runner.expressions import ExpressionError, command_line
from emulator.runner.identity import Grant, Grants
from emulator.runner.logs import Log
from emulator.runner.model import Step, Value
from emulator.runner.nodes import Cluster, WaitEndedError
from emulator.runner.plan import destination
from emulator.runner.stops import CanceledError, Stop

Json = dict[str, Any]
BUILD_LOG = "azureml-logs/20_image_build_log.txt"


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
                return self._on_nodes(run, workspace, step, inputs, folder, stop)
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
        _grant, carrier = self._identity(workspace, step)
        uri = destination(step, output, run.name, step.outputs[output])
        carrier.copy(f"output {output!r}", source, uri)
        return uri

    def _on_nodes(  # noqa: PLR0917  one step, told apart from where and how it runs
        self,
        run: Run,
        workspace: Resource,
        step: Step,
        inputs: Mapping[str, Value],
        folder: Path,
        stop: Stop,
    ) -> Run:
        environment = self._environment(run, workspace, step, folder)
        stop.check()
        grant, carrier = self._identity(workspace, step)
        literals, paths = carrier.fetch(inputs, folder / "inputs")
        works = [folder / f"wd{node or ''}" for node in range(step.launch.instances)]
        for work in works:
            self._code(carrier, workspace, step, work)
        places, locals_ = self._outputs(carrier, run, step, folder / "outputs")
        line = command_line(step.command, literals, paths, locals_)
        stop.check()
        run = self.runs.update(run, status="Running", started=time.time())
        with self.grants.granted(grant) as tokens:
            values = {
                **self._variables(run, workspace, environment),
                **variables.of_data({**literals, **paths}, locals_),
                **tokens,
                **step.variables,
            }
            logs = self._logs(run, workspace, step, folder)
            try:
                started = launches.start(step.launch, line, works, values, logs)
                self.runs.update(run, process=started.leader, process_started=started.since)
                problem = launches.watch(started, stop, step.timeout)
            finally:
                for log in logs:
                    log.close()
        run = self.runs.update(run, status="Finalizing", process=None, process_started=None)
        # what the first node left wins over what others left under the same name
        for work in reversed(works):
            self._artifacts(run, workspace, work)
        stop.check()
        if problem is not None:
            raise StepError(problem)
        made = self._store(run, carrier, step, places, locals_)
        run = self.runs.update(run, outputs=made)
        return self._end(run, "Completed", None)

    def _logs(self, run: Run, workspace: Resource, step: Step, folder: Path) -> list[Log]:
        """A log for each process."""
        names = launches.logs(step.launch)
        return [
            Log(self.services.blobs, self._place(workspace, run, name), folder / Path(name).name)
            for name in names
        ]

    def _limit(self, workspace: Resource, run: Run) -> int:
        found = self.services.store.get(f"{workspace['id']}/computes/{run.compute}")
        return computes.scale(found)[1] if found else 1

    def _environment(self, run: Run, workspace: Resource, step: Step, folder: Path) -> Path:
        text = conda_text(self.services, workspace, step.environment)
        found = environments.find(text)
        if found is not None:
            return found
        log = Log(
            self.services.blobs,
            self._place(workspace, run, BUILD_LOG),
            folder / "image_build_log.txt",
        )
        try:
            return environments.ensure(text, log.say)
        finally:
            log.close()

    def _identity(self, workspace: Resource, step: Step) -> tuple[Grant, Carrier]:
        name = (step.compute or "").rsplit("/", 1)[-1]
        compute = self.services.store.get(f"{workspace['id']}/computes/{name}") or {}
        grant = Grant(identity.of_resource(self.services.store, compute))
        principal = identity.chosen(grant, step.identity, name)
        if principal is not None and grant.principals[0] is not principal:
            grant = Grant((principal, *(p for p in grant.principals if p is not principal)))
        carrier = Carrier(self.services.store, self.services.blobs, workspace["id"], principal)
        return grant, carrier

    def _code(self, carrier: Carrier, workspace: Resource, step: Step, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        if not step.code:
            return
        id_ = step.code.removeprefix("azureml:")
        found = self.services.store.get(
            id_ if id_.startswith("/") else f"{workspace['id']}/codes/{id_}"
        )
        if found is None:
            msg = f"the code {step.code} was not found in the workspace"
            raise StepError(msg)
        carrier.code(found["properties"]["codeUri"], work)

    def _outputs(
        self, carrier: Carrier, run: Run, step: Step, folder: Path
    ) -> tuple[dict[str, tuple[str, Place]], dict[str, str]]:
        places, locals_ = {}, {}
        for name, spec in step.outputs.items():
            uri = destination(step, name, run.name, spec)
            place, local = carrier.prepare(name, uri, spec, folder)
            places[name], locals_[name] = (uri, place), str(local)
        return places, locals_

    def _variables(self, run: Run, workspace: Resource, environment: Path) -> dict[str, str]:
        experiment = self.runs.experiment(run.workspace, run.experiment)
        return variables.of_step(self.services, workspace, run, environment, experiment.id)

    def _store(
        self,
        run: Run,
        carrier: Carrier,
        step: Step,
        places: Mapping[str, tuple[str, Place]],
        locals_: Mapping[str, str],
    ) -> Json:
        made = {}
        for name, (uri, place) in places.items():
            spec = step.outputs[name]
            carrier.store_output(name, place, Path(locals_[name]))
            made[name] = {"jobOutputType": spec.type, "uri": uri, "mode": "ReadWriteMount"}
            if spec.asset_name:
                version = registration.register(
                    self.services.store, carrier.workspace, spec, uri, run.name
                )
                made[name] |= {"assetName": spec.asset_name, "assetVersion": version}
        return made

    def _artifacts(self, run: Run, workspace: Resource, work: Path) -> None:
        """What a script leaves in ./outputs and ./logs belongs to the run."""
        for name in ("outputs", "logs"):
            if (work / name).is_dir() and any((work / name).rglob("*")):
                place = self._place(workspace, run, f"{name}/")
                self.services.blobs.upload_tree(
                    place.account, place.container, place.path, work / name
                )

    def _place(self, workspace: Resource, run: Run, path: str) -> Place:
        return Places(self.services.store, workspace["id"]).artifacts(run.name, path)

    def _end(self, run: Run, status: str, error: Json | None) -> Run:
        return self.runs.update(
            run, status=status, error=error, ended=time.time(), process=None, process_started=None
        )
