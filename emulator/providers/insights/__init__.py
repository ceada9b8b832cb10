"""Microsoft.Insights: telemetry, who reads it privately, alerts and whom they reach."""

from emulator.providers.insights import (
    activity_alerts,
    alerts,
    autoscale,
    components,
    diagnostics,
    private_links,
    query_rules,
    workbooks,
)

__all__ = [
    "activity_alerts",
    "alerts",
    "autoscale",
    "components",
    "diagnostics",
    "private_links",
    "query_rules",
    "workbooks",
]
