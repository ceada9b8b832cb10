"""The typed, frozen model of a stack's config; `infra.config` fills it and reports mistakes."""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from infra.values import (
    ClusterName,
    Guid,
    HostName,
    Network,
    RegionName,
    TagName,
    TagValue,
    VmSize,
    Word,
)


class Part(BaseModel):
    """A group of settings: frozen, and a key that it does not know is an error."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True
    )


class Outbound(StrEnum):
    """What the workspace's managed network lets out. Azure never lets `approved` go back."""

    INTERNET = "internet"
    APPROVED = "approved"


class Replication(StrEnum):
    """How many copies of the data exist, and where; the values are Azure's SKU names."""

    LOCAL = "Standard_LRS"
    ZONES = "Standard_ZRS"
    GEO = "Standard_GRS"
    GEO_ZONES = "Standard_GZRS"


class VaultSku(StrEnum):
    """Premium keeps keys in hardware modules."""

    STANDARD = "standard"
    PREMIUM = "premium"


class FirewallSku(StrEnum):
    """The size of the firewall that host rules bring into the managed network."""

    BASIC = "Basic"
    STANDARD = "Standard"


class Priority(StrEnum):
    """Whether Azure may take nodes back while a job runs."""

    LOW = "LowPriority"
    DEDICATED = "Dedicated"


class Classification(StrEnum):
    """How sensitive the data of an environment is."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"


class PrincipalKind(StrEnum):
    """What kind of directory object an operator is; Azure refuses a wrong one."""

    USER = "User"
    GROUP = "Group"
    SERVICE_PRINCIPAL = "ServicePrincipal"


class StampNetwork(Part):
    """Addresses of one region where the plan of infra/addresses.py does not suit."""

    address_space: Network | None = None
    """The region's virtual network."""
    private_endpoints: Network | None = None
    """The subnet of the private endpoints."""
    access: Network | None = None
    """The subnet from which people and CI runners reach the platform."""


class NetworkSettings(Part):
    """The environment's network."""

    address_space: Network = IPv4Network("10.10.0.0/16")
    """Address space of the environment; each region takes a /20, in the order of `regions`."""
    stamps: dict[RegionName, StampNetwork] = {}
    """Addresses of a region, by its name, where the plan does not suit."""
    reserved: tuple[Network, ...] = ()
    """Ranges in use elsewhere (on premises, other networks) that must not be taken."""


class WorkspaceSettings(Part):
    """The Azure Machine Learning workspace and its managed network."""

    outbound: Outbound = Outbound.INTERNET
    """What the managed network lets out: internet, or approved (endpoints, allowed_hosts)."""
    allowed_hosts: tuple[HostName, ...] = ()
    """Hosts that jobs may reach when outbound is approved, such as a package mirror."""
    firewall_sku: FirewallSku = FirewallSku.BASIC
    """The firewall that allowed_hosts bring (it costs by the hour)."""
    high_business_impact: bool = False
    """Reduce what the service itself collects; only at creation."""


class ClusterSettings(Part):
    """A compute cluster of the workspace."""

    vm_size: VmSize = "Standard_D4s_v5"
    """Size of a node."""
    min_nodes: Annotated[int, Field(ge=0, le=100)] = 0
    """Nodes that stay when nothing runs."""
    max_nodes: Annotated[int, Field(ge=1, le=100)] = 2
    """Most nodes at one time."""
    idle_minutes: Annotated[int, Field(ge=2, le=120)] = 5
    """Minutes after which an idle node goes."""
    priority: Priority = Priority.LOW
    """LowPriority is cheap and may be taken back; Dedicated stays."""


class StorageSettings(Part):
    """The default store of the workspace."""

    replication: Replication = Replication.LOCAL
    """Copies of the data."""
    soft_delete_days: Annotated[int, Field(ge=1, le=365)] = 7
    """Days for which deleted blobs and containers can be brought back."""


class VaultSettings(Part):
    """The workspace's key vault."""

    sku: VaultSku = VaultSku.STANDARD
    """standard, or premium with keys in hardware."""
    retention_days: Annotated[int, Field(ge=7, le=90)] = 7
    """Days for which a deleted vault or secret can be brought back; fixed at creation."""


class RegistrySettings(Part):
    """The container registry."""

    zone_redundant: bool = False
    """Keep copies in all zones of the region; fixed at creation."""
    untagged_days: Annotated[int, Field(ge=0, le=365)] = 7
    """Days after which untagged images go."""


class MonitoringSettings(Part):
    """Log Analytics and Application Insights."""

    retention_days: Annotated[int, Field(ge=30, le=730)] = 30
    """Days for which logs are kept."""
    daily_cap_gb: Annotated[float, Field(gt=0)] | None = None
    """Logs above this many GB a day are dropped; without it there is no cap."""


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


class Settings(Part):
    """All settings of one environment. What is not set has a safe and small default."""

    environment: Word
    """The stack's name."""
    workload: Word = "mlops"
    """Short name of the platform, part of every resource's name."""
    generation: Annotated[int, Field(ge=1, le=99)] = 1
    """Raise it by one to create the platform again while deleted vaults still hold their names."""
    regions: Annotated[tuple[RegionName, ...], Field(min_length=1)] = ("westeurope",)
    """Azure regions: the first is the main one, each makes a stamp. Append, never insert."""
    protect: bool = False
    """Refuse to delete what holds data until it is unprotected."""
    network: NetworkSettings = NetworkSettings()
    """Address space, and addresses that the plan must respect."""
    workspace: WorkspaceSettings = WorkspaceSettings()
    """The Azure Machine Learning workspace and its managed network."""
    clusters: dict[ClusterName, ClusterSettings] = {"cpu": ClusterSettings()}
    """Compute clusters by name; `cpu` must be there."""
    storage: StorageSettings = StorageSettings()
    """The default store of the workspace."""
    key_vault: VaultSettings = VaultSettings()
    """The workspace's key vault."""
    registry: RegistrySettings = RegistrySettings()
    """The container registry."""
    monitoring: MonitoringSettings = MonitoringSettings()
    """Log Analytics and Application Insights."""
    operators: tuple[Operator, ...] = ()
    """People, groups and pipelines that may submit jobs and read and write their data."""
    grant_deployer: bool = False
    """Make whoever runs `pulumi up` an operator too."""
    tags: TagSettings = TagSettings()
    """What tags say about the environment."""
