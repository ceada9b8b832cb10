"""The typed, frozen model of a stack's config; `infra.config` fills it and reports mistakes."""

from typing import Annotated

from pydantic import AfterValidator, Field

from infra.settings.choices import (
    Approval,
    Classification,
    Egress,
    FirewallSku,
    Isolation,
    Outbound,
    Owned,
    PolicyEffect,
    PrincipalKind,
    Priority,
    Replication,
    VaultSku,
)
from infra.settings.governance import (
    DeliverySettings,
    DevOpsSettings,
    Operator,
    PeopleSettings,
    ReleaseSettings,
    SecuritySettings,
    SharedSettings,
    TagSettings,
)
from infra.settings.kubernetes import (
    KubernetesSettings,
    PoolSettings,
)
from infra.settings.network import (
    BastionSettings,
    EntrySettings,
    NetworkSettings,
    StampNetwork,
    VpnSettings,
)
from infra.settings.operations import (
    AlertSettings,
    BudgetSettings,
    DataSettings,
    MonitoringSettings,
)
from infra.settings.part import (
    Part,
)
from infra.settings.serving import (
    AutoscaleSettings,
    FrontDoorSettings,
    ServingSettings,
)
from infra.settings.stores import (
    EncryptionSettings,
    LakeSettings,
    RegistrySettings,
    StorageSettings,
    VaultSettings,
)
from infra.settings.workspace import (
    ClusterSettings,
    InstanceSettings,
    WorkspaceSettings,
    with_gate,
)
from infra.values import ClusterName, RegionName, Word

__all__ = [
    "AlertSettings",
    "Approval",
    "AutoscaleSettings",
    "BastionSettings",
    "BudgetSettings",
    "Classification",
    "ClusterSettings",
    "DataSettings",
    "DeliverySettings",
    "DevOpsSettings",
    "Egress",
    "EncryptionSettings",
    "EntrySettings",
    "FirewallSku",
    "FrontDoorSettings",
    "InstanceSettings",
    "Isolation",
    "KubernetesSettings",
    "LakeSettings",
    "MonitoringSettings",
    "NetworkSettings",
    "Operator",
    "Outbound",
    "Owned",
    "Part",
    "PeopleSettings",
    "PolicyEffect",
    "PoolSettings",
    "PrincipalKind",
    "Priority",
    "RegistrySettings",
    "ReleaseSettings",
    "Replication",
    "SecuritySettings",
    "ServingSettings",
    "Settings",
    "SharedSettings",
    "StampNetwork",
    "StorageSettings",
    "TagSettings",
    "VaultSettings",
    "VaultSku",
    "VpnSettings",
    "WorkspaceSettings",
]


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
    """Refuse to delete what holds data until it is unprotected; lock it in Azure too."""
    isolation: Isolation = Isolation.MANAGED
    """Where training runs: in the workspace's managed network, or a network of our own."""
    network: NetworkSettings = NetworkSettings()
    """Address space, and addresses that the plan must respect."""
    entry: EntrySettings = EntrySettings()
    """Ways in for people and CI."""
    workspace: WorkspaceSettings = WorkspaceSettings()
    """The Azure Machine Learning workspace and its managed network."""
    instances: dict[ClusterName, InstanceSettings] = {}
    """Compute instances by name."""
    clusters: Annotated[
        dict[ClusterName, ClusterSettings], AfterValidator(with_gate), Field(validate_default=True)
    ] = {"cpu": ClusterSettings()}
    """Compute clusters by name; `cpu` must be there, and `gate`, where models are judged, is."""
    storage: StorageSettings = StorageSettings()
    """The default store of the workspace."""
    key_vault: VaultSettings = VaultSettings()
    """The workspace's key vault."""
    registry: RegistrySettings = RegistrySettings()
    """The container registry."""
    lake: LakeSettings = LakeSettings()
    """The data lake."""
    encryption: EncryptionSettings = EncryptionSettings()
    """Whose keys encrypt what is stored."""
    kubernetes: KubernetesSettings = KubernetesSettings()
    """The Kubernetes cluster."""
    serving: ServingSettings = ServingSettings()
    """Endpoints of models."""
    data: DataSettings = DataSettings()
    """How data comes in and is catalogued."""
    monitoring: MonitoringSettings = MonitoringSettings()
    """Log Analytics and Application Insights."""
    alerts: AlertSettings = AlertSettings()
    """Alerts, and whom they reach."""
    budget: BudgetSettings = BudgetSettings()
    """What the environment may cost."""
    people: PeopleSettings = PeopleSettings()
    """Entra groups, by what their members do."""
    delivery: DeliverySettings = DeliverySettings()
    """Identities of CI."""
    release: ReleaseSettings = ReleaseSettings()
    """What a release has to wait for."""
    owns: tuple[Owned, ...] = ()
    """What exists once in the subscription and belongs to this stack."""
    security: SecuritySettings = SecuritySettings()
    """Subscription-wide security, in the stack that owns it."""
    shared: SharedSettings = SharedSettings()
    """Ids of what another stack owns."""
    operators: tuple[Operator, ...] = ()
    """People, groups and pipelines that may submit jobs and read and write their data."""
    grant_deployer: bool = False
    """Make whoever runs `pulumi up` an operator too."""
    tags: TagSettings = TagSettings()
    """What tags say about the environment."""
