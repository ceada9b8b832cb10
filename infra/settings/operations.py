"""Settings of watching an environment and of what it may cost."""

from datetime import date
from typing import Annotated

from pydantic import Field

from infra.settings.part import Part
from infra.values import EmailAddress


class MonitoringSettings(Part):
    """Log Analytics and Application Insights."""

    retention_days: Annotated[int, Field(ge=30, le=730)] = 30
    """Days for which logs are kept."""
    daily_cap_gb: Annotated[float, Field(gt=0)] | None = None
    """Logs above this many GB a day are dropped; without it there is no cap."""
    private: bool = True
    """Send and read logs through a private link scope."""


class AlertSettings(Part):
    """Alerts, and whom they reach."""

    enabled: bool = True
    """Make them; they cost little."""
    emails: tuple[EmailAddress, ...] = ()
    """Who gets an e-mail; without one the subscription's owners do."""
    quota_percent: Annotated[int, Field(ge=1, le=100)] = 90
    """Share of the regional quota above which an alert fires."""


class BudgetSettings(Part):
    """What the environment may cost; nothing stops when it is used up, people hear of it."""

    monthly_amount: Annotated[float, Field(gt=0)] | None = None
    """Amount a month for each region, in the subscription's currency; without it, no budget."""
    subscription_amount: Annotated[float, Field(gt=0)] | None = None
    """Amount a month for the whole subscription, in the stack that owns subscription_budget."""
    start: date = date(2026, 1, 1)
    """First day of a month; Azure never lets it change."""


class DataSettings(Part):
    """How data comes in and is catalogued."""

    factory: bool = True
    """A Data Factory in a managed network that ingests and starts retraining when data arrives."""
    events: bool = True
    """Send the workspace's events (runs, models) to a queue."""
