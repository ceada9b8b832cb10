"""Microsoft.OperationalInsights: Log Analytics workspaces, their tables and exports."""

from emulator.providers.operationalinsights import tables, workspaces

__all__ = ["tables", "workspaces"]
