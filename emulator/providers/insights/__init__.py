"""Microsoft.Insights: Application Insights, diagnostic settings, alerts and whom they reach."""

from emulator.providers.insights import alerts, components, diagnostics

__all__ = ["alerts", "components", "diagnostics"]
