"""Microsoft.OperationalInsights: Log Analytics workspaces."""

from emulator.providers.operationalinsights import workspaces

__all__ = ["workspaces"]
