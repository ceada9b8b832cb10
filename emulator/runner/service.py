"""The runner of all workspaces: starts jobs, stops them, and clears up after a server that died."""

import logging
import shutil
import threading
import time

from emulator.arm.behaviours import Services
from emulator.azureml.runs import Run, Runs
from emulator.runner import identity, processes
from emulator.runner.errors import failure
from emulator.runner.identity import Grants
from emulator.runner.nodes import Cluster
from emulator.runner.pipelines import Pipeline
from emulator.runner.plan import step_of
from emulator.runner.steps import StepRunner
from emulator.runner.stops import Stop
from emulator.runner.sweeps import Sweep
from emulator.runner.warm import WarmServers

log = logging.getLogger(__name__)
_LOST = "lost when the service stopped"
_STOP_SECONDS = 10.0


class Runner:
    """Runs jobs in threads of this process, their steps as processes of their own."""

    def __init__(self, services: Services) -> None:
        self.services, self.runs = services, Runs(services.store)
        self.grants = Grants(services.tokens.issue, f"{services.plain_url}{identity.PATH}")
        self.warm = WarmServers(services.home)
        self._steps = StepRunner(services, self.runs, self.grants)
        self._clusters: dict[str, Cluster] = {}
        self._active: dict[tuple[str, str], tuple[Stop, threading.Thread]] = {}
        self._lock = threading.Lock()

    def cluster(self, compute_id: str) -> Cluster:
        """The nodes of a compute."""
        with self._lock:
            return self._clusters.setdefault(compute_id.lower(), Cluster())

    def submit(self, run: Run) -> None:
        """Start a job that was just stored."""
        stop = Stop()
        thread = threading.Thread(
            target=self._run, args=(run, stop), name=f"job {run.name}", daemon=True
        )
        with self._lock:
            self._active[run.workspace, run.name] = (stop, thread)
        thread.start()

    def cancel(self, run: Run) -> None:
        """Ask a job to stop; asking for a step stops its whole pipeline."""
        top = self.runs.get(run.workspace, run.root) or run
        with self._lock:
            active = self._active.get((top.workspace, top.name))
        if active is None:
            self._close(top, "Canceled", None)
            return
        self.runs.update(top, status="CancelRequested")
        active[0].ask()
        self._wake()

    def abandon(self, workspace: str, reason: str, compute: str | None = None) -> None:
        """End the jobs of a workspace, or those on one of its computes, because it was deleted."""
        with self._lock:
            active = [
                (key, stop)
                for key, (stop, _) in self._active.items()
                if key[0] == workspace.lower()
            ]
        for (where, name), stop in active:
            runs = [self.runs.get(where, name), *self.runs.below(where, name)]
            used = {(run.compute or "").lower() for run in runs if run is not None}
            if compute is None or compute.lower() in used:
                stop.ask(reason)
        self._wake()

    def recover(self) -> None:
        """Close what an earlier server left open: what ran then cannot be taken up again."""
        again = []
        left = self.runs.unfinished()
        for run in left:
            if run.process is not None and run.process_started is not None:
                processes.end_orphan(run.process, run.process_started)
        # what their steps left on disk goes only when nothing writes to it any more
        shutil.rmtree(self.services.home / "runs", ignore_errors=True)
        for run in left:
            waiting = (
                run.parent is None
                and run.status in ("NotStarted", "Queued")
                and run.started is None
            )
            if waiting and not self.runs.children(run.workspace, run.name):
                again.append(run)
            elif run.status == "CancelRequested" or (
                run.parent is not None and run.started is None
            ):
                self._close(run, "Canceled", None)
            else:
                self._close(run, "Failed", _LOST)
        for run in again:
            self.submit(run)

    def stop(self) -> None:
        """End all jobs, as the service goes away."""
        with self._lock:
            active = list(self._active.values())
        for stop, _thread in active:
            stop.ask(_LOST)
        self._wake()
        deadline = time.monotonic() + _STOP_SECONDS
        for _stop, thread in active:
            thread.join(max(0.0, deadline - time.monotonic()))
        self.warm.stop()

    def _run(self, run: Run, stop: Stop) -> None:
        try:
            if run.kind == "Pipeline":
                Pipeline(self._steps, self._cluster_of(run), run, stop).execute()
            else:
                step, inputs = step_of(run.name, run.definition)
                if step.sweep is not None:
                    Sweep(self._steps, self._cluster_of(run), run, step, stop).execute(inputs)
                    return
                self._steps.run(run, step, inputs, self._cluster_of(run)(run.compute or ""), stop)
        except Exception as error:
            log.exception("job %s failed", run.name)
            now = self.runs.get(run.workspace, run.name) or run
            self._close(now, "Failed", f"{type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._active.pop((run.workspace, run.name), None)

    def _cluster_of(self, run: Run) -> "Clusters":
        return Clusters(self, run.workspace)

    def _close(self, run: Run, status: str, why: str | None) -> None:
        error = failure("ServiceError", why) if why else None
        self.runs.update(
            run, status=status, error=error, ended=time.time(), process=None, process_started=None
        )

    def _wake(self) -> None:
        with self._lock:
            clusters = list(self._clusters.values())
        for cluster in clusters:
            cluster.wake()


class Clusters:
    """The clusters of one workspace by name."""

    def __init__(self, runner: Runner, workspace: str) -> None:
        self._runner, self._workspace = runner, workspace

    def __call__(self, compute: str) -> Cluster:
        return self._runner.cluster(f"{self._workspace}/computes/{compute}")
