"""The rules over files instead of a running engine."""
