"""Filtering, ordering and paging of search results, by MLflow's own grammar."""

import base64
from collections.abc import Sequence
from typing import TypeVar

from emulator.azureml.runs import Experiment
from emulator.tracking.errors import TrackingError, invalid

T = TypeVar("T")


def page(items: Sequence[T], size: int, token: object) -> tuple[list[T], str]:
    """One page of `items`, and the token of the next, empty at the end."""
    try:
        start = int(base64.b64decode(str(token)).decode()) if token else 0
    except ValueError as error:
        msg = f"Invalid page token {token!r}."
        raise invalid(msg) from error
    end = start + size
    return list(items[start:end]), (
        base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
    )


def runs(found: list[dict], filter_: str, order_by: list[str]) -> list[dict]:
    """The runs that pass the filter, in the wanted order (the newest first without one)."""
    if not filter_ and not order_by:
        return found
    # Importing MLflow takes a second and 100 MB: only those pay who search with a filter.
    from mlflow.entities import Metric, Param, Run, RunData, RunInfo, RunTag  # noqa: PLC0415
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from mlflow.utils.search_utils import SearchUtils  # noqa: PLC0415

    by_id = {item["info"]["run_id"]: item for item in found}

    def entity(item: dict) -> Run:
        info, data = item["info"], item["data"]
        return Run(
            RunInfo(
                run_id=info["run_id"],
                run_name=info["run_name"],
                experiment_id=info["experiment_id"],
                user_id=info["user_id"],
                status=info["status"],
                start_time=info["start_time"],
                end_time=info.get("end_time"),
                lifecycle_stage=info["lifecycle_stage"],
                artifact_uri=info["artifact_uri"],
            ),
            RunData(
                [
                    Metric(m["key"], float(m["value"]), m["timestamp"], m["step"])
                    for m in data["metrics"]
                ],
                [Param(p["key"], p["value"]) for p in data["params"]],
                [RunTag(t["key"], t["value"]) for t in data["tags"]],
            ),
        )

    try:
        entities = [entity(item) for item in found]
        kept = SearchUtils.sort(SearchUtils.filter(entities, filter_), order_by)
    except MlflowException as error:
        raise TrackingError(str(error.error_code), error.message) from error
    return [by_id[run.info.run_id] for run in kept]


def experiments(found: list[Experiment], filter_: str, order_by: list[str]) -> list[Experiment]:
    """The experiments that pass the filter, in the wanted order (the newest first without one)."""
    if not filter_ and not order_by:
        return found
    from mlflow.entities import Experiment as Entity  # noqa: PLC0415
    from mlflow.entities import ExperimentTag  # noqa: PLC0415
    from mlflow.exceptions import MlflowException  # noqa: PLC0415
    from mlflow.utils.search_utils import SearchExperimentsUtils  # noqa: PLC0415

    by_id = {item.id: item for item in found}
    entities = [
        Entity(
            item.id,
            item.name,
            "",
            item.stage,
            tags=[ExperimentTag(k, v) for k, v in item.tags.items()],
            creation_time=int(item.created * 1000),
            last_update_time=int(item.created * 1000),
        )
        for item in found
    ]
    try:
        kept = SearchExperimentsUtils.sort(
            SearchExperimentsUtils.filter(entities, filter_), order_by
        )
    except MlflowException as error:
        raise TrackingError(str(error.error_code), error.message) from error
    return [by_id[str(item.experiment_id)] for item in kept]
