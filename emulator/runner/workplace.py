"""Where a step works: its environment, identity, code, inputs and outputs on a node's disk."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml import registration
from emulator.azureml.places import Place, Places
from emulator.azureml.runs import Run, Runs
from emulator.runner import environments, identity, variables
from emulator.runner.conda_files import conda_text
from emulator.runner.data import Carrier
from emulator.runner.errors import StepError
from emulator.runner.identity import Grant
from emulator.runner.logs import Log
from emulator.runner.model import Step, Value
from emulator.runner.plan import destination

Json = dict[str, Any]
BUILD_LOG = "azureml-logs/20_image_build_log.txt"


def carrier_of(services: Services, workspace: Resource, step: Step) -> tuple[Grant, Carrier]:
    """The tokens that a step may have, and what moves data in its name."""
    name = (step.compute or "").rsplit("/", 1)[-1]
    compute = services.store.get(f"{workspace['id']}/computes/{name}") or {}
    grant = Grant(identity.of_resource(services.store, compute))
    principal = identity.chosen(grant, step.identity, name)
    if principal is not None and grant.principals[0] is not principal:
        grant = Grant((principal, *(p for p in grant.principals if p is not principal)))
    return grant, Carrier(services.store, services.blobs, workspace["id"], principal)


@dataclass(frozen=True)
class Bound:
    """The inputs and outputs of a step as its command sees them."""

    literals: Mapping[str, str]
    paths: Mapping[str, str]
    outputs: Mapping[str, str]
    places: Mapping[str, tuple[str, Place]]


@dataclass(frozen=True)
class Workplace:
    """The disk of the nodes that a step runs on, and what is put there and taken away."""

    services: Services
    workspace: Resource
    run: Run
    step: Step
    folder: Path

    @property
    def works(self) -> list[Path]:
        """The working folder of each node."""
        nodes = range(self.step.launch.instances)
        return [self.folder / f"wd{node or ''}" for node in nodes]

    def environment(self) -> Path:
        """The step's environment, built when it is not there."""
        text = conda_text(self.services, self.workspace, self.step.environment)
        found = environments.find(text)
        if found is not None:
            return found
        log = self.log(BUILD_LOG)
        try:
            return environments.ensure(text, log.say)
        finally:
            log.close()

    def bind(self, carrier: Carrier, inputs: Mapping[str, Value]) -> Bound:
        """Bring code and inputs, and make room for outputs."""
        literals, paths = carrier.fetch(inputs, self.folder / "inputs")
        for work in self.works:
            self._code(carrier, work)
        places, locals_ = {}, {}
        for name, spec in self.step.outputs.items():
            uri = destination(self.step, name, self.run.name, spec)
            place, local = carrier.prepare(name, uri, spec, self.folder / "outputs")
            places[name], locals_[name] = (uri, place), str(local)
        return Bound(literals, paths, locals_, places)

    def variables(self, environment: Path, bound: Bound, tokens: Mapping[str, str]) -> Json:
        """The environment variables of the step's processes."""
        experiment = Runs(self.services.store).experiment(self.run.workspace, self.run.experiment)
        own = variables.of_step(self.services, self.workspace, self.run, environment, experiment.id)
        return {
            **own,
            **self.services.azureml.runner.warm.variables(environment, own["PATH"]),
            **variables.of_data({**bound.literals, **bound.paths}, bound.outputs),
            **tokens,
            **self.step.variables,
        }

    def log(self, name: str) -> Log:
        """A log of the run, shown while it is written."""
        return Log(self.services.blobs, self._place(name), self.folder / "logs" / name)

    def leave_artifacts(self) -> None:
        """What a script leaves in ./outputs and ./logs belongs to the run."""
        # what the first node left wins over what others left under the same name
        for work in reversed(self.works):
            for name in ("outputs", "logs"):
                if (work / name).is_dir() and any((work / name).rglob("*")):
                    place = self._place(f"{name}/")
                    self.services.blobs.upload_tree(
                        place.account, place.container, place.path, work / name
                    )

    def take_outputs(self, carrier: Carrier, bound: Bound) -> Json:
        """Store the outputs, and register those that the job wants registered."""
        made = {}
        for name, (uri, place) in bound.places.items():
            spec = self.step.outputs[name]
            carrier.store_output(name, place, Path(bound.outputs[name]))
            made[name] = {"jobOutputType": spec.type, "uri": uri, "mode": "ReadWriteMount"}
            if spec.asset_name:
                version = registration.register(
                    self.services.store, carrier.workspace, spec, uri, self.run.name
                )
                made[name] |= {"assetName": spec.asset_name, "assetVersion": version}
        return made

    def _code(self, carrier: Carrier, work: Path) -> None:
        work.mkdir(parents=True, exist_ok=True)
        if not self.step.code:
            return
        id_ = self.step.code.removeprefix("azureml:")
        found = self.services.store.get(
            id_ if id_.startswith("/") else f"{self.workspace['id']}/codes/{id_}"
        )
        if found is None:
            msg = f"the code {self.step.code} was not found in the workspace"
            raise StepError(msg)
        carrier.code(found["properties"]["codeUri"], work)

    def _place(self, path: str) -> Place:
        return Places(self.services.store, self.workspace["id"]).artifacts(self.run.name, path)
