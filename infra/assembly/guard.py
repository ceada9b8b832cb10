"""What guards a stamp: locks on what holds data, and a budget."""

from collections.abc import Mapping

from pulumi import ComponentResource, Input

from infra.assembly.base import Base
from infra.assembly.stores import Stores
from infra.assembly.verdicts import Verdicts
from infra.components.budget import Budget, BudgetArgs
from infra.components.lake import Lake
from infra.components.locks import Locks, LocksArgs
from infra.naming import Kind
from infra.site import Site


def holding_data(
    base: Base, stores: Stores, verdicts: Verdicts, lake: Lake | None
) -> dict[str, Input[str]]:
    """Return the ids of what holds data that cannot be made again, by a short name."""
    held: dict[str, Input[str]] = {
        "verdicts": verdicts.vault_id,
        "data": stores.data.account_id,
        "vault": stores.vault.vault_id,
        "registry": stores.registry.registry_id,
        "logs": base.monitoring.logs_id,
    }
    if lake is not None:
        held["lake"] = lake.account_id
    return held


def lock(short_region: str, stamp: ComponentResource, held: Mapping[str, Input[str]]) -> None:
    """Lock what holds data in a stamp.

    Locks come last and go first: nothing below a locked store can be removed, not even a grant.
    """
    Locks(f"locks-{short_region}", LocksArgs(targets=held, after=[stamp]))


def watch_cost(site: Site, group_id: Input[str], people: Input[str] | None) -> None:
    """Watch what the stamp costs, where its settings say how much it may."""
    settings = site.settings
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
