"""Machine learning on the platform: steps, their Azure ML form, the `mlops` command."""
