"""MLflow tracking where the environment asks for it, as Azure ML does; nothing elsewhere."""

import os
from collections.abc import Mapping

from ml.steps.command import log


def record(
    metrics: Mapping[str, float],
    parameters: Mapping[str, object],
    tags: Mapping[str, str] | None = None,
) -> bool:
    """Log to the run that the environment names; say nothing and do nothing without a server."""
    if not os.environ.get("MLFLOW_TRACKING_URI"):
        return False
    import mlflow  # noqa: PLC0415  six seconds that a run without a server does not need

    with mlflow.start_run():
        mlflow.log_params(dict(parameters))
        mlflow.log_metrics(dict(metrics))
        mlflow.set_tags(dict(tags or {}))
    log.info("logged %d metrics to MLflow", len(metrics))
    return True
