"""Azure ML pipelines: each `build` returns a job and submits nothing."""
