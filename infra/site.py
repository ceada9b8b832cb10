"""Where the parts of a stamp are built: what all of them take, and what most of them ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import (
    ComponentResource,
    Input,
    Output,
    Resource,
    ResourceHookBinding,
    ResourceOptions,
)

from infra.addresses import Purpose
from infra.components.grants import Grants, GrantsArgs
from infra.components.monitoring import Monitoring, send_logs
from infra.components.network import Network
from infra.components.private_link import PrivateLink, PrivateLinkArgs
from infra.deployer import Deployer
from infra.naming import Names
from infra.roles import Grant, Scope
from infra.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Zones:
    """The private DNS zones that all stamps of an environment share."""

    group_name: Input[str]
    ids: Mapping[str, Input[str]]
    names: Mapping[str, Input[str]]


@dataclass(frozen=True, kw_only=True)
class Site:
    """One region of an environment, and the component that owns what is built there."""

    settings: Settings
    region: str
    names: Names
    deployer: Deployer
    zones: Zones
    owner: ComponentResource
    group_name: Output[str]
    hooks: ResourceHookBinding
    """For resources that use a grant of the same run."""

    @property
    def child(self) -> ResourceOptions:
        return ResourceOptions(parent=self.owner)

    def after(self, grants: Sequence[Resource]) -> ResourceOptions:
        """Options of a child that uses grants of the same run."""
        return ResourceOptions(parent=self.owner, depends_on=grants, hooks=self.hooks)

    def named(self, name: str) -> str:
        # Two stamps are siblings: their children need names that tell them apart.
        return f"{name}-{self.names.short_region}"

    def grant(
        self,
        purpose: str,
        grants: Sequence[Grant],
        principals: Mapping[str, Input[str]],
        scopes: Mapping[Scope, Input[str]],
    ) -> Grants:
        """Make the role assignments of some rows of the table."""
        args = GrantsArgs(names=self.names, grants=grants, principals=principals, scopes=scopes)
        return Grants(self.named(f"grants-{purpose}"), args, self.child)

    def link(
        self,
        network: Network,
        name: str,
        target_id: Input[str],
        *groups: str,
        purpose: str = "",
    ) -> PrivateLink:
        """Make the private endpoints of a resource; `purpose` when its kind is there twice."""
        args = PrivateLinkArgs(
            names=self.names,
            location=self.region,
            resource_group_name=self.group_name,
            subnet_id=network.subnet_ids[Purpose.PRIVATE_ENDPOINTS],
            target_id=target_id,
            groups=groups,
            purpose=purpose,
            zone_ids=self.zones.ids,
        )
        return PrivateLink(self.named(f"link-{name}"), args, self.child)

    def send_logs(
        self,
        monitoring: Monitoring,
        name: str,
        resource_id: Input[str],
        *,
        metrics: bool = True,
    ) -> None:
        """Send the logs and metrics of a resource to the stamp's Log Analytics."""
        send_logs(
            self.named(f"logs-{name}"),
            resource_id=resource_id,
            logs_id=monitoring.logs_id,
            parent=self.owner,
            metrics=metrics,
        )
