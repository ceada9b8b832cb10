"""Deploying pipelines: what should be there, what is, the difference, and carrying it out."""
