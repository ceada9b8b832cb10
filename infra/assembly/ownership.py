"""What exists once in a subscription, in the stack that owns it."""

from collections.abc import Callable

from pulumi import Input

from infra.components.budget import Budget, BudgetArgs
from infra.components.defender import Defender, DefenderArgs
from infra.components.policy_assignments import PolicyAssignments, PolicyAssignmentsArgs
from infra.deployer import Deployer
from infra.naming import Kind, Names
from infra.settings import Owned, Settings


def build_owned(
    settings: Settings, names: Names, deployer: Deployer, people: Input[str] | None
) -> None:
    """Build what the settings say this stack owns of the subscription."""
    builders: dict[Owned, Callable[[], object]] = {
        Owned.DEFENDER: lambda: _defender(settings, deployer),
        Owned.POLICY_ASSIGNMENTS: lambda: _policies(settings, deployer),
        Owned.SUBSCRIPTION_BUDGET: lambda: _budget(settings, names, deployer, people),
    }
    for owned in settings.owns:
        if owned in builders:
            builders[owned]()


def _defender(settings: Settings, deployer: Deployer) -> Defender:
    args = DefenderArgs(
        subscription_id=deployer.subscription_id,
        contacts=settings.security.contacts,
        malware_scan_gb=settings.security.malware_scan_gb,
    )
    return Defender("defender", args)


def _policies(settings: Settings, deployer: Deployer) -> PolicyAssignments:
    args = PolicyAssignmentsArgs(
        subscription_id=deployer.subscription_id, effect=settings.security.policy_effect.value
    )
    return PolicyAssignments("policies", args)


def _budget(
    settings: Settings, names: Names, deployer: Deployer, people: Input[str] | None
) -> Budget | None:
    budget = settings.budget
    if budget.subscription_amount is None:  # a check of the settings refuses that
        return None
    args = BudgetArgs(
        scope=f"/subscriptions/{deployer.subscription_id}",
        budget_name=names.of(Kind.BUDGET, "subscription"),
        amount=budget.subscription_amount,
        start=budget.start,
        emails=settings.alerts.emails,
        action_groups=[people] if people is not None else [],
    )
    return Budget("budget-subscription", args)
