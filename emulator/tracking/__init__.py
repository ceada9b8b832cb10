"""MLflow tracking for the runs of a workspace, on the same tables as its jobs."""
