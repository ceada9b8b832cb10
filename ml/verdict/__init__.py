"""Verdicts: what a gate decided, signed by the one identity that may, and strictly checked."""
