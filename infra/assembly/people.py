"""Who may use a stamp."""

from collections.abc import Mapping

from pulumi import Input

from infra.roles import Grant, Scope, operator_grants, people_grants
from infra.settings import PrincipalKind
from infra.site import Site


def admit_operators(site: Site, scopes: Mapping[Scope, Input[str]]) -> None:
    """Let the operators of the settings, and whoever deploys where asked, submit jobs."""
    settings, deployer = site.settings, site.deployer
    ids: dict[str, str] = {f"operator-{o.object_id}": o.object_id for o in settings.operators}
    kinds: dict[str, PrincipalKind] = {
        f"operator-{o.object_id}": o.type for o in settings.operators
    }
    # A second assignment of the same role to the same principal is refused by Azure.
    if settings.grant_deployer and deployer.object_id not in ids.values():
        ids["deployer"], kinds["deployer"] = deployer.object_id, deployer.kind
    if ids:
        site.grant("operators", operator_grants(kinds.items()), ids, scopes)


def admit_people(site: Site, scopes: Mapping[Scope, Input[str]]) -> None:
    """Give each Entra group of the settings what its members need here."""
    people = site.settings.people
    groups = {
        **{f"data-scientists-{id_}": id_ for id_ in people.data_scientists},
        **{f"ml-engineers-{id_}": id_ for id_ in people.ml_engineers},
    }
    grants: list[Grant] = people_grants(groups, may_work=people.may_work)
    if grants:
        site.grant("people", grants, groups, scopes)
