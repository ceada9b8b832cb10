"""A replayed year: what was decided and why, and the report that shows it."""
