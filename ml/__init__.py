"""Machine learning on the platform: pipeline steps, their Azure ML form, and the `mlops` command."""
