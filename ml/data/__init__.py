"""The data layer: tables as ibis expressions, run by DuckDB within bounded memory."""
