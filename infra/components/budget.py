"""What a scope may cost, and who hears of it before and when it is used up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_azure_native import consumption

# Spent so far, and what the month is going to cost as Azure sees it.
_ACTUAL_PERCENT = (50, 80, 100)
_FORECAST_PERCENT = 110


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """What a `Budget` takes from the rest of the platform."""

    scope: Input[str]
    budget_name: str
    amount: float
    """A month, in the subscription's currency."""
    start: date
    emails: Sequence[str]
    action_groups: Sequence[Input[str]]


class Budget(ComponentResource):
    """A monthly budget. Azure stops nothing when it is used up."""

    def __init__(self, name: str, args: BudgetArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:cost:Budget", name, None, opts)
        thresholds = [(percent, consumption.ThresholdType.ACTUAL) for percent in _ACTUAL_PERCENT]
        thresholds.append((_FORECAST_PERCENT, consumption.ThresholdType.FORECASTED))
        consumption.Budget(
            name,
            scope=args.scope,
            budget_name=args.budget_name,
            amount=args.amount,
            category=consumption.CategoryType.COST,
            time_grain=consumption.TimeGrainType.MONTHLY,
            time_period={"start_date": f"{args.start.isoformat()}T00:00:00Z"},
            notifications={
                f"{kind.value.lower()}-{percent}": {
                    "enabled": True,
                    "operator": consumption.OperatorType.GREATER_THAN_OR_EQUAL_TO,
                    "threshold": percent,
                    "threshold_type": kind,
                    "contact_emails": list(args.emails),
                    "contact_groups": list(args.action_groups),
                    # Reaches somebody even where the settings name nobody.
                    "contact_roles": ["Owner"],
                }
                for percent, kind in thresholds
            },
            # Azure never lets the first month change; a later edit of it must not fail.
            opts=ResourceOptions(parent=self, ignore_changes=["timePeriod"]),
        )
        self.register_outputs({})
