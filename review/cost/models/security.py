"""Defender plans, by what they protect."""

from collections.abc import Iterator

from review.cost.case import Case, Service
from review.cost.lines import Line

_FREE = "Free"
_WIDER = "counts this stack; the plan covers the subscription: lower bound"
_COUNTED = {
    "KeyVaults": ("keyvault:Vault",),
    "StorageAccounts": ("storage:StorageAccount",),
}


def defender(case: Case) -> Iterator[Line]:
    """By the vault, account or subscription; the others by use."""
    plan = case.resource.text("pricingName")
    label = f"Defender, {plan}"
    if case.resource.text("pricingTier") == _FREE:
        yield case.free(f"{label}, free tier")
    elif plan == "Arm":
        yield case.amount(label, "defender", plan)
    elif plan in _COUNTED:
        count = sum(case.neighbours(kind) for kind in _COUNTED[plan])
        yield case.amount(label, "defender", plan, low=count, notes=(_WIDER,))
    elif case.book.find("defender", plan, case.region):
        yield case.usage(label, "defender", plan, "protected unit")
    else:
        yield case.unpriced(label, f"no price for Defender {plan}")


SERVICE = Service("Security", {"security:Pricing": defender})
