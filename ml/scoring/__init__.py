"""Batch scoring: every row of a table gets exactly one score, in mini-batches that can resume."""
