"""Microsoft.Consumption: budgets."""

from emulator.providers.consumption import budgets

__all__ = ["budgets"]
