"""Serving a model of any task on Azure ML's inference server."""
