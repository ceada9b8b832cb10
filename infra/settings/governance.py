"""Settings of ownership, people and delivery."""

from typing import Annotated

from pydantic import Field

from infra.settings.choices import Approval, Classification, PolicyEffect, PrincipalKind
from infra.settings.part import Part
from infra.values import (
    EmailAddress,
    Guid,
    Repository,
    ResourceId,
    TagName,
    TagValue,
    TrustName,
)


class TagSettings(Part):
    """What tags say about the environment."""

    owner: TagValue = "ml-platform"
    """Team that answers for it."""
    cost_center: TagValue = "unassigned"
    """Who pays."""
    classification: Classification = Classification.INTERNAL
    """How sensitive its data is."""
    extra: dict[TagName, TagValue] = {}
    """More tags."""


class Operator(Part):
    """Someone who may submit jobs and read and write their data."""

    object_id: Guid
    """Object id in Entra."""
    type: PrincipalKind
    """User, Group or ServicePrincipal."""


class PeopleSettings(Part):
    """Entra groups, by what their members do."""

    data_scientists: tuple[Guid, ...] = ()
    """Train models."""
    ml_engineers: tuple[Guid, ...] = ()
    """Deploy and operate models and computes."""
    may_work: bool = False
    """Let them submit jobs and write data here (development); without it they read only."""


class DevOpsSettings(Part):
    """Azure DevOps service connections that may sign in: NAME-plan, NAME-deploy, NAME-release."""

    enabled: bool = False
    """Trust them."""
    organisation_id: Guid | None = None
    """The organisation's id, part of its issuer's address."""
    organisation: TrustName | None = None
    """The organisation's name."""
    project: TrustName | None = None
    """The project's name."""
    connection: TrustName | None = None
    """NAME of the service connections."""


class DeliverySettings(Part):
    """Identities of CI: federated, without a secret, bound to this environment."""

    github: Repository | None = None
    """GitHub repository (owner/name) whose environments NAME-plan, NAME and NAME-release may sign
    in, where NAME is this environment's."""
    devops: DevOpsSettings = DevOpsSettings()
    """Azure DevOps."""


class ReleaseSettings(Part):
    """What a release has to wait for; the pipelines read it from the stack's outputs."""

    approval: Approval = Approval.NONE
    """Whether somebody other than the requester has to approve."""


class SecuritySettings(Part):
    """What the stack that owns subscription-wide security sets."""

    contacts: tuple[EmailAddress, ...] = ()
    """Who hears of Defender's findings."""
    policy_effect: PolicyEffect = PolicyEffect.AUDIT
    """What Azure Policy does with a resource that breaks a built-in rule."""
    malware_scan_gb: Annotated[int, Field(ge=10, le=100000)] = 1000
    """GB a month that Defender scans for malware when they are uploaded."""


class SharedSettings(Part):
    """Ids of what another stack owns."""

    ml_registry: ResourceId | None = None
    """The Azure Machine Learning registry through which models are promoted."""
    purview: ResourceId | None = None
    """The Purview account that catalogues the data."""
    purview_identity: Guid | None = None
    """Object id of that account's own identity, which reads the lake when it scans."""
