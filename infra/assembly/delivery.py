"""The identities of an environment's pipelines, and what they may do in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pulumi import Input, Output

from infra.components.delivery import (
    GITHUB_ISSUER,
    DeliveryIdentity,
    DeliveryIdentityArgs,
    Trust,
)
from infra.components.grants import Grants, GrantsArgs
from infra.delivery_roles import (
    DEPLOY,
    PLAN,
    PURPOSES,
    RELEASE,
    group_grants,
    registry_grants,
    workspace_grants,
)
from infra.naming import Names
from infra.roles import Scope
from infra.settings import Settings

# GitHub's name for each purpose, after the environment's; Azure DevOps has a connection for each.
_SUFFIXES = {PLAN: "-plan", DEPLOY: "", RELEASE: "-release"}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """One region of the environment, or (without a workspace) what all regions share."""

    group_id: Input[str]
    workspace_id: Input[str] | None = None


def build_delivery(
    settings: Settings,
    names: Names,
    group_name: Input[str],
    grounds: Mapping[str | None, Ground],
    model_registry: Input[str] | None,
) -> dict[str, Output[str]]:
    """Build the identities; return their client ids by purpose, none where nobody is trusted.

    `grounds` are by region, None for what the regions share.
    """
    identities: dict[str, DeliveryIdentity] = {}
    for purpose in PURPOSES:
        trusts = trusts_of(settings, purpose)
        if trusts:
            args = DeliveryIdentityArgs(
                names=names,
                purpose=purpose,
                location=settings.regions[0],
                resource_group_name=group_name,
                trusts=trusts,
            )
            identities[purpose] = DeliveryIdentity(purpose, args)
    if not identities:
        return {}
    principals = {purpose: one.principal_id for purpose, one in identities.items()}
    for region, ground in grounds.items():
        grants = group_grants()
        scopes: dict[Scope, Input[str]] = {Scope.GROUP: ground.group_id}
        if ground.workspace_id is not None:
            grants += workspace_grants()
            scopes[Scope.WORKSPACE] = ground.workspace_id
        elif model_registry is not None:
            grants += registry_grants()
            scopes[Scope.MODEL_REGISTRY] = model_registry
        here = replace(names, region=region)
        args = GrantsArgs(names=here, grants=grants, principals=principals, scopes=scopes)
        Grants(f"grants-delivery-{here.short_region}", args)
    return {purpose: one.client_id for purpose, one in identities.items()}


def trusts_of(settings: Settings, purpose: str) -> list[Trust]:
    """Return whose tokens the identity of a purpose accepts in this environment."""
    delivery, trusts = settings.delivery, []
    if delivery.github:
        environment = f"{settings.environment}{_SUFFIXES[purpose]}"
        subject = f"repo:{delivery.github}:environment:{environment}"
        trusts.append(Trust(name="github", issuer=GITHUB_ISSUER, subject=subject))
    devops = delivery.devops
    if devops.enabled:
        connection = f"{devops.connection}-{purpose.removeprefix('ci-')}"
        trusts.append(
            Trust(
                name="azure-devops",
                issuer=f"https://vstoken.dev.azure.com/{devops.organisation_id}",
                subject=f"sc://{devops.organisation}/{devops.project}/{connection}",
            )
        )
    return trusts
