"""The pipeline's steps: pure code, each runnable alone as `python -m ml.steps.<name>`."""
