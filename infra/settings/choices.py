"""The words that settings choose between."""

from enum import StrEnum


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


class Isolation(StrEnum):
    """Where training runs: in the workspace's managed network, or in a network of the stamp."""

    MANAGED = "managed"
    OWN_VNET = "own_vnet"


class Egress(StrEnum):
    """How the stamp's own compute reaches the internet: freely, or through a firewall's rules."""

    NAT = "nat"
    FIREWALL = "firewall"


class Owned(StrEnum):
    """What exists once in a subscription or organisation, so that one stack only may make it."""

    ML_REGISTRY = "ml_registry"
    DEFENDER = "defender"
    POLICY_ASSIGNMENTS = "policy_assignments"
    PURVIEW = "purview"
    SUBSCRIPTION_BUDGET = "subscription_budget"


class PolicyEffect(StrEnum):
    """What Azure Policy does with a resource that breaks a rule."""

    AUDIT = "Audit"
    DENY = "Deny"


class Approval(StrEnum):
    """Whether a person has to approve a release or a retrained model."""

    NONE = "none"
    REQUIRED = "required"
