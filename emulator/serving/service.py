"""Serving of all workspaces: deployments are built, started and brought back after a restart."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from emulator.arm.behaviours import Services
from emulator.arm.store import Resource
from emulator.azureml.places import Places
from emulator.azureml.text import workspace_of
from emulator.server.hosts import Call
from emulator.serving import endpoints, package, scorer
from emulator.serving.autoscale import Autoscaler
from emulator.serving.collector import Collector
from emulator.serving.door import Door
from emulator.serving.faults import Faults, Kind
from emulator.serving.fleet import Fleet, Key, Wanted
from emulator.serving.minutes import Minutes
from emulator.serving.operations import Operations
from emulator.serving.package import PackageError
from emulator.serving.router import Router
from emulator.serving.scorer import NotReadyError

log = logging.getLogger(__name__)
TYPE = f"{endpoints.TYPE}/deployments"
BUILD_LOG = "build.log"
_METER_SECONDS = 2.0


def key_of(deployment_id: str) -> Key:
    """The endpoint's id and the deployment's name, both in lower case."""
    endpoint, _, name = deployment_id.lower().rpartition("/deployments/")
    return endpoint, name


class Serving:
    """What runs behind online endpoints."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.operations = Operations(services.store)
        self.faults = Faults(services.home / "faults.json")
        self.fleet = Fleet(services.home, services.azureml.runner.grants)
        self.minutes = Minutes(services.store)
        clock = services.azureml.clock
        self.now: Callable[[], float] = lambda: clock.now().timestamp()
        router = Router(self.fleet, self.minutes, self.faults, self.now)
        self.door = Door(services.store, router)
        self._autoscaler = Autoscaler(services.store, self.minutes, self.now)
        self._meter = threading.Thread(target=self._measure, name="meter", daemon=True)
        self._ended = threading.Event()
        self._newest: dict[Key, str] = {}

    async def answer(self, request: Request, call: Call) -> Response | None:
        """Answer a scoring request; None when no online endpoint has this host."""
        return await self.door.answer(request, call)

    def newest(self, deployment_id: str) -> str | None:
        """The operation that works on a deployment, or did last."""
        return self._newest.get(key_of(deployment_id))

    def recover(self) -> None:
        """Start again what served when the last server stopped; its state is kept meanwhile."""
        for deployment in self._services.store.find(TYPE):
            if deployment["properties"]["provisioningState"] != "Failed":
                self.deploy(deployment, again=True)
        self._meter.start()

    def stop(self) -> None:
        """End all scorers."""
        self._ended.set()
        self.fleet.stop_all()
        self._meter.join()
        self.minutes.flush()

    def deploy(self, deployment: Resource, *, again: bool = False) -> str:
        """Start to build and start a deployment; gives the id of the operation."""
        operation = self.operations.begin(deployment["id"])
        self._newest[key_of(deployment["id"])] = operation
        thread = threading.Thread(
            target=self._run,
            args=(deployment, operation, again),
            name=f"deployment {deployment['name']}",
            daemon=True,
        )
        thread.start()
        return operation

    def scale(self, deployment: Resource, count: int) -> None:
        """Change the number of instances of a deployment and nothing else."""
        self.fleet.scale(key_of(deployment["id"]), count)

    def remove(self, deployment_id: str) -> None:
        """Stop a deployment that was deleted."""
        key = key_of(deployment_id)
        self._newest.pop(key, None)
        # Its processes take seconds to end, and nobody has to wait for them.
        threading.Thread(target=self.fleet.stop, args=(key,), daemon=True).start()

    def folder(self, deployment: Resource) -> Path:
        """Where a deployment lies on disk."""
        endpoint = deployment["id"].split("/")[-3]
        return self._services.home / "serving" / endpoint / deployment["name"]

    def logs(self, deployment: Resource, tail: int) -> str:
        """The last lines of what building and serving said."""
        lines: list[str] = []
        for name in (BUILD_LOG, "server.log"):
            file = self.folder(deployment) / name
            if file.is_file():
                lines += file.read_text(errors="replace").splitlines()
        return "\n".join(lines[-tail:])

    def _measure(self) -> None:
        """Note what each instance uses, and write the minutes down."""
        while not self._ended.wait(_METER_SECONDS):
            moment = self.now()
            for key, live in self.fleet.all():
                for one in live.scorers:
                    self.minutes.used(key, moment, one.id, one.cpu_percent(), one.memory_percent())
            self.minutes.flush()
            for deployment, count in self._autoscaler.look():
                self._resize(deployment, count)

    def _resize(self, deployment: Resource, count: int) -> None:
        store = self._services.store
        with store.transaction():
            found = store.get(deployment["id"])
            if found is None:
                return
            found["sku"]["capacity"] = count
            store.put(found)
        log.info("%s has %d instances now", deployment["id"], count)
        self.scale(deployment, count)

    def _run(self, deployment: Resource, operation: str, again: bool) -> None:
        key = key_of(deployment["id"])
        said: list[str] = []
        try:
            self._start(deployment, key, operation, said)
            problem = None
        except (PackageError, NotReadyError) as error:
            problem = str(error)
        except Exception as error:
            log.exception("deployment %s failed", deployment["id"])
            problem = f"{type(error).__name__}: {error}"
        if self._newest.get(key) != operation or self._ended.is_set():
            return
        if problem and again:
            log.warning("%s does not serve any more: %s", deployment["id"], problem)
        self._settle(deployment["id"], problem)
        self.operations.end(operation, problem)

    def _start(self, deployment: Resource, key: Key, operation: str, said: list[str]) -> None:
        folder = self.folder(deployment)
        try:
            made = package.build(self._services, deployment, folder / operation, said.append)
        finally:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / BUILD_LOG).write_text("".join(f"{line}\n" for line in said))
        if self._newest.get(key) != operation:
            return
        collector = self._collector(deployment, key)
        wanted = Wanted(
            count=int((deployment.get("sku") or {}).get("capacity") or 1),
            patience=scorer.patience(deployment["properties"].get("readinessProbe")),
            variables=collector.variables if collector else {},
            blocked=lambda: self.faults.active(Kind.NEVER_READY, deployment["id"]),
            at_end=collector.close if collector else None,
        )
        self.fleet.start(key, made, wanted)
        if self._newest.get(key) != operation:
            self.fleet.stop(key)

    def _collector(self, deployment: Resource, key: Key) -> Collector | None:
        """What collects beside a deployment; None for one that collects nothing."""
        if not (deployment["properties"].get("dataCollector") or {}).get("collections"):
            return None
        return Collector(
            deployment=deployment,
            places=Places(self._services.store, workspace_of(deployment["id"])),
            blobs=self._services.blobs,
            now=self.now,
            full=lambda: self.faults.active(Kind.DISK_FULL, deployment["id"]),
            count=lambda name, why: self.minutes.collected(key, self.now(), name, why),
        )

    def _settle(self, id_: str, problem: str | None) -> None:
        store = self._services.store
        with store.transaction():
            found = store.get(id_)
            if found is not None:
                found["properties"]["provisioningState"] = "Failed" if problem else "Succeeded"
                store.put(found)
