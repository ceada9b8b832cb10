"""Checks of what a stack owns and of whom its pipelines trust."""

from infra.problems import Problem
from infra.settings import Owned, Settings


def owned_or_shared(settings: Settings, prefix: str) -> list[Problem]:
    """What a stack owns, it does not take from another."""
    shared = {
        Owned.ML_REGISTRY: ("ml_registry", settings.shared.ml_registry),
        Owned.PURVIEW: ("purview", settings.shared.purview),
    }
    problems = [
        Problem(
            f"{prefix}shared.{key}",
            "an id, while this stack owns the resource itself",
            "one of the two",
            f"remove it, or remove {owned.value} from `owns`",
        )
        for owned, (key, value) in shared.items()
        if value and owned in settings.owns
    ]
    twice = sorted({owned.value for owned in settings.owns if settings.owns.count(owned) > 1})
    problems += [
        Problem(f"{prefix}owns", f"{owned} twice", "each entry once", "remove one")
        for owned in twice
    ]
    return problems


def owned_budget(settings: Settings, prefix: str) -> list[Problem]:
    """The subscription's budget has an amount, and an owner."""
    owns = Owned.SUBSCRIPTION_BUDGET in settings.owns
    if owns == (settings.budget.subscription_amount is not None):
        return []
    found = "no amount" if owns else "an amount without subscription_budget in `owns`"
    return [
        Problem(
            f"{prefix}budget.subscription_amount",
            found,
            "an amount where `owns` has subscription_budget, and nowhere else",
            "add an amount such as 5000" if owns else "remove it, or add subscription_budget",
        )
    ]


def first_of_month(settings: Settings, prefix: str) -> list[Problem]:
    """Azure takes no budget that begins within a month."""
    start = settings.budget.start
    if start.day == 1:
        return []
    fix = f"write {start.replace(day=1)}"
    return [Problem(f"{prefix}budget.start", str(start), "the first day of a month", fix)]


def complete_devops(settings: Settings, prefix: str) -> list[Problem]:
    """A token's subject has all its parts, or it trusts the wrong one."""
    devops = settings.delivery.devops
    parts = ("organisation_id", "organisation", "project", "connection")
    missing = [part for part in parts if devops.enabled and getattr(devops, part) is None]
    return [
        Problem(
            f"{prefix}delivery.devops.{part}",
            "nothing",
            "a value while delivery.devops.enabled is true",
            "add it, or turn delivery.devops off",
        )
        for part in missing
    ]


def known_catalogue(settings: Settings, prefix: str) -> list[Problem]:
    """A catalogue of another stack scans nothing until its identity may read."""
    shared = settings.shared
    if (shared.purview is None) == (shared.purview_identity is None):
        return []
    missing = "purview" if shared.purview is None else "purview_identity"
    return [
        Problem(
            f"{prefix}shared.{missing}",
            "nothing",
            "the account's id and its identity's object id together",
            "add it, or remove the other",
        )
    ]


def distinct_people(settings: Settings, prefix: str) -> list[Problem]:
    """A second grant of the same role to the same group is refused by Azure."""
    people = [*settings.people.data_scientists, *settings.people.ml_engineers]
    everyone = [*people, *(operator.object_id for operator in settings.operators)]
    return [
        Problem(f"{prefix}people", f"{twice} twice", "each group in one list", "remove one")
        for twice in sorted({one for one in people if everyone.count(one) > 1})
    ]
