"""The MLflow REST API (experiments, runs, metrics) of one workspace, as plain functions on JSON."""

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace

from emulator.azureml.runs import Experiment, Run, Runs
from emulator.tracking import search
from emulator.tracking.errors import TrackingError, invalid, missing
from emulator.tracking.metrics import Metrics
from emulator.tracking.shapes import experiment_json, limit, metric_json, pairs, texts

# MLflow's words for the states of a run, and back.
_STATUS = {
    "Completed": "FINISHED",
    "Failed": "FAILED",
    "Canceled": "KILLED",
    "Running": "RUNNING",
    "Finalizing": "RUNNING",
}
_STATE = {
    "FINISHED": "Completed",
    "FAILED": "Failed",
    "KILLED": "Canceled",
    "RUNNING": "Running",
    "SCHEDULED": "Queued",
}
_STAGES = {"ACTIVE_ONLY": {"active"}, "DELETED_ONLY": {"deleted"}, "ALL": {"active", "deleted"}}


class Tracking:
    """Answers MLflow requests for one workspace."""

    def __init__(self, runs: Runs, workspace_id: str, region: str, user: str) -> None:
        self.runs, self.metrics = runs, Metrics(runs.store)
        self.workspace, self.region, self.user = workspace_id, region, user

    def answer(self, method: str, path: str, request: Mapping) -> dict:
        """Answer one request; `path` is what follows `/api/2.0/mlflow/`."""
        handler = _HANDLERS.get((method, path.strip("/")))
        if handler is None:
            msg = f"Azure Machine Learning does not serve {method} {path} of the MLflow API."
            raise TrackingError("ENDPOINT_NOT_FOUND", msg, 404)
        return handler(self, request)

    def create_experiment(self, request: Mapping) -> dict:
        name = request.get("name")
        if not isinstance(name, str) or not name:
            msg = f"The experiment name is {name!r}; give a text that is not empty."
            raise invalid(msg)
        if self.runs.find_experiment(self.workspace, name=name) is not None:
            msg = f"Experiment {name!r} already exists."
            raise TrackingError("RESOURCE_ALREADY_EXISTS", msg)
        made = self.runs.experiment(self.workspace, name)
        if tags := pairs(request.get("tags")):
            self.runs.change_experiment(replace(made, tags=tags))
        return {"experiment_id": made.id}

    def get_experiment(self, request: Mapping) -> dict:
        return {"experiment": experiment_json(self._experiment(request))}

    def get_experiment_by_name(self, request: Mapping) -> dict:
        name = request.get("experiment_name")
        found = self.runs.find_experiment(self.workspace, name=str(name))
        if found is None:
            raise missing("experiment with name", name)
        return {"experiment": experiment_json(found)}

    def search_experiments(self, request: Mapping) -> dict:
        stages = _STAGES.get(str(request.get("view_type") or "ACTIVE_ONLY"), {"active"})
        found = [e for e in self.runs.experiments(self.workspace) if e.stage in stages]
        found = search.experiments(
            found, str(request.get("filter") or ""), texts(request.get("order_by"))
        )
        page, token = search.page(found, limit(request), request.get("page_token"))
        return {
            "experiments": [experiment_json(e) for e in page],
            **({"next_page_token": token} if token else {}),
        }

    def set_experiment_tag(self, request: Mapping) -> dict:
        found = self._experiment(request)
        tags = {**found.tags, str(request.get("key")): str(request.get("value"))}
        self.runs.change_experiment(replace(found, tags=tags))
        return {}

    def delete_experiment(self, request: Mapping) -> dict:
        self.runs.change_experiment(replace(self._experiment(request), stage="deleted"))
        return {}

    def restore_experiment(self, request: Mapping) -> dict:
        self.runs.change_experiment(replace(self._experiment(request), stage="active"))
        return {}

    def create_run(self, request: Mapping) -> dict:
        experiment = self._experiment(request)
        tags = pairs(request.get("tags"))
        started = request.get("start_time")
        run = Run(
            workspace=self.workspace,
            name=str(uuid.uuid4()),
            kind="Interactive",
            experiment=experiment.name,
            status="Running",
            display_name=str(request.get("run_name") or tags.get("mlflow.runName") or "run"),
            started=int(started) / 1000 if started else time.time(),
            parent=tags.get("mlflow.parentRunId") or None,
            tags=tags,
            created_by={"userName": self.user},
        )
        return {"run": self._run_json(self.runs.add(run))}

    def update_run(self, request: Mapping) -> dict:
        run = self._run(request)
        changes: dict[str, object] = {}
        if name := request.get("run_name"):
            changes["display_name"] = str(name)
        # the state of a job is the service's to tell, not that of the script inside it
        if (status := request.get("status")) and run.kind == "Interactive":
            changes["status"] = _STATE.get(str(status), run.status)
            ended = request.get("end_time")
            changes["ended"] = int(ended) / 1000 if ended else run.ended
        if changes:
            run = self.runs.update(run, **changes)
        return {"run_info": self._run_json(run)["info"]}

    def get_run(self, request: Mapping) -> dict:
        return {"run": self._run_json(self._run(request))}

    def delete_run(self, request: Mapping) -> dict:
        self.runs.update(self._run(request), hidden=True)
        return {}

    def restore_run(self, request: Mapping) -> dict:
        self.runs.update(self._run(request), hidden=False)
        return {}

    def search_runs(self, request: Mapping) -> dict:
        wanted = set(texts(request.get("experiment_ids")))
        names = {e.name for e in self.runs.experiments(self.workspace) if e.id in wanted}
        stages = _STAGES.get(str(request.get("run_view_type") or "ACTIVE_ONLY"), {"active"})
        found = [
            self._run_json(run)
            for run in self.runs.of_workspace(self.workspace)
            if run.experiment in names and ("deleted" if run.hidden else "active") in stages
        ]
        found = search.runs(found, str(request.get("filter") or ""), texts(request.get("order_by")))
        page, token = search.page(found, limit(request), request.get("page_token"))
        return {"runs": page, **({"next_page_token": token} if token else {})}

    def log_metric(self, request: Mapping) -> dict:
        self.metrics.log(self._run(request), [dict(request)], [])
        return {}

    def log_param(self, request: Mapping) -> dict:
        self.metrics.log(self._run(request), [], [dict(request)])
        return {}

    def log_batch(self, request: Mapping) -> dict:
        run = self._run(request)
        self.metrics.log(run, request.get("metrics") or [], request.get("params") or [])
        if tags := pairs(request.get("tags")):
            self.runs.merge(run, tags=tags)
        return {}

    def set_tag(self, request: Mapping) -> dict:
        self.runs.merge(
            self._run(request), tags={str(request.get("key")): str(request.get("value", ""))}
        )
        return {}

    def delete_tag(self, request: Mapping) -> dict:
        run, key = self._run(request), str(request.get("key"))
        if key not in run.tags:
            raise missing("tag", key)
        self.runs.merge(run, tags={key: None})
        return {}

    def accept(self, request: Mapping) -> dict:
        """Take what is kept nowhere else: the model and data set notes of a run, as tags."""
        run = self._run(request)
        notes = {
            f"mlflow.{key}": str(request[key])
            for key in ("model_json", "datasets", "models")
            if key in request
        }
        self.runs.merge(run, tags=notes)
        return {}

    def metric_history(self, request: Mapping) -> dict:
        key = request.get("metric_key")
        values = self.metrics.history(self._run(request), str(key))
        page, token = search.page(values, limit(request, 25_000), request.get("page_token"))
        return {
            "metrics": [metric_json(m) for m in page],
            **({"next_page_token": token} if token else {}),
        }

    def _experiment(self, request: Mapping) -> Experiment:
        id_ = str(request.get("experiment_id") or "")
        # MLflow's clients call the default experiment "0" when none was chosen
        found = (
            self.runs.experiment(self.workspace, "Default")
            if id_ in ("", "0")
            else self.runs.find_experiment(self.workspace, id_=id_)
        )
        if found is None:
            raise missing("experiment with id", id_)
        return found

    def _run(self, request: Mapping) -> Run:
        name = str(request.get("run_id") or request.get("run_uuid") or "")
        run = self.runs.get(self.workspace, name)
        if run is None:
            raise missing("run with id", name)
        return run

    def _run_json(self, run: Run) -> dict:
        experiment = self.runs.experiment(run.workspace, run.experiment)
        tags = {
            "mlflow.runName": run.display_name or run.name,
            "mlflow.user": run.created_by.get("userName", ""),
            **run.tags,
        }
        if run.parent:
            tags["mlflow.parentRunId"] = run.parent
        host = f"{self.region}.api.azureml.ms"
        artifacts = f"azureml://{host}/mlflow/v2.0{self.workspace}/experiments/{experiment.name}/runs/{run.name}/artifacts"
        return {
            "info": {
                "run_id": run.name,
                "run_uuid": run.name,
                "run_name": run.display_name or run.name,
                "experiment_id": experiment.id,
                "user_id": run.created_by.get("userName", ""),
                "status": _STATUS.get(run.status, "SCHEDULED"),
                "start_time": int((run.started or run.created) * 1000),
                **({"end_time": int(run.ended * 1000)} if run.ended else {}),
                "artifact_uri": artifacts,
                "lifecycle_stage": "deleted" if run.hidden else "active",
            },
            "data": {
                "metrics": [metric_json(m) for m in self.metrics.latest(run).values()],
                "params": [{"key": k, "value": v} for k, v in self.metrics.params(run).items()],
                "tags": [{"key": k, "value": str(v)} for k, v in tags.items()],
            },
        }


Handler = Callable[[Tracking, Mapping], dict]
_HANDLERS: dict[tuple[str, str], Handler] = {
    ("POST", "experiments/create"): Tracking.create_experiment,
    ("GET", "experiments/get"): Tracking.get_experiment,
    ("GET", "experiments/get-by-name"): Tracking.get_experiment_by_name,
    ("POST", "experiments/search"): Tracking.search_experiments,
    ("GET", "experiments/search"): Tracking.search_experiments,
    ("POST", "experiments/set-experiment-tag"): Tracking.set_experiment_tag,
    ("POST", "experiments/delete"): Tracking.delete_experiment,
    ("POST", "experiments/restore"): Tracking.restore_experiment,
    ("POST", "runs/create"): Tracking.create_run,
    ("POST", "runs/update"): Tracking.update_run,
    ("GET", "runs/get"): Tracking.get_run,
    ("POST", "runs/delete"): Tracking.delete_run,
    ("POST", "runs/restore"): Tracking.restore_run,
    ("POST", "runs/search"): Tracking.search_runs,
    ("POST", "runs/log-metric"): Tracking.log_metric,
    ("POST", "runs/log-parameter"): Tracking.log_param,
    ("POST", "runs/log-batch"): Tracking.log_batch,
    ("POST", "runs/set-tag"): Tracking.set_tag,
    ("POST", "runs/delete-tag"): Tracking.delete_tag,
    ("POST", "runs/log-model"): Tracking.accept,
    ("POST", "runs/log-inputs"): Tracking.accept,
    ("GET", "metrics/get-history"): Tracking.metric_history,
}
