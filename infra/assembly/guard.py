"""What guards a stamp: locks on what holds data, and a budget."""

from pulumi import Input

from infra.assembly.base import Base
from infra.assembly.stores import Stores
from infra.components.budget import Budget, BudgetArgs
from infra.components.lake import Lake
from infra.components.locks import Locks, LocksArgs
from infra.naming import Kind
from infra.site import Site


def guard(
    site: Site,
    base: Base,
    *,
    stores: Stores,
    lake: Lake | None,
    group_id: Input[str],
    people: Input[str] | None,
) -> None:
    """Lock what holds data where the settings protect it, and watch what the stamp costs."""
    settings = site.settings
    if settings.protect:
        targets = {
            "data": stores.data.account_id,
            "vault": stores.vault.vault_id,
            "registry": stores.registry.registry_id,
            "logs": base.monitoring.logs_id,
        }
        if lake is not None:
            targets["lake"] = lake.account_id
        Locks(site.named("locks"), LocksArgs(targets=targets), site.child)
    if settings.budget.monthly_amount is not None:
        args = BudgetArgs(
            scope=group_id,
            budget_name=site.names.of(Kind.BUDGET),
            amount=settings.budget.monthly_amount,
            start=settings.budget.start,
            emails=settings.alerts.emails,
            action_groups=[people] if people is not None else [],
        )
        Budget(site.named("budget"), args, site.child)
