"""Microsoft Defender for Cloud: the plans of a subscription, which exist once in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_azure_native import security

_SENSITIVE_DATA = "SensitiveDataDiscovery"


@dataclass(frozen=True, kw_only=True)
class DefenderArgs:
    """What `Defender` takes from the rest of the platform."""

    subscription_id: str
    contacts: Sequence[str]
    malware_scan_gb: int


class Defender(ComponentResource):
    """The plans for what the platform is made of, and who hears of their findings."""

    def __init__(self, name: str, args: DefenderArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("mlops:security:Defender", name, None, opts)
        for plan, (sub_plan, extensions) in _plans(args).items():
            security.Pricing(
                f"{name}-{plan}",
                pricing_name=plan,
                scope_id=f"subscriptions/{args.subscription_id}",
                pricing_tier=security.PricingTier.STANDARD,
                sub_plan=sub_plan,
                extensions=extensions,
                opts=ResourceOptions(parent=self),
            )
        security.SecurityContact(
            name,
            security_contact_name="default",
            is_enabled=True,
            emails=";".join(args.contacts),
            # Reaches somebody even where the settings name nobody.
            notifications_by_role={
                "state": security.State.ON,
                "roles": [security.SecurityContactRole.OWNER],
            },
            notifications_sources=[
                {"source_type": "Alert", "minimal_severity": security.MinimalSeverity.MEDIUM},
                {"source_type": "AttackPath", "minimal_risk_level": security.MinimalRiskLevel.HIGH},
            ],
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _plans(args: DefenderArgs) -> dict[str, tuple[str | None, list[security.ExtensionArgsDict]]]:
    """Each plan's variant and what it does beyond its basics.

    https://learn.microsoft.com/azure/templates/microsoft.security/pricings
    """
    return {
        "CloudPosture": (
            None,
            _on(
                _SENSITIVE_DATA,
                "ContainerRegistriesVulnerabilityAssessments",
                "AgentlessDiscoveryForKubernetes",
                "AgentlessVmScanning",
                "EntraPermissionsManagement",
            ),
        ),
        "Containers": (
            None,
            _on(
                "ContainerRegistriesVulnerabilityAssessments",
                "AgentlessDiscoveryForKubernetes",
                "ContainerSensor",
                "ContainerIntegrityContribution",
            ),
        ),
        "StorageAccounts": (
            "DefenderForStorageV2",
            [
                {
                    "name": "OnUploadMalwareScanning",
                    "is_enabled": security.IsEnabled.TRUE,
                    # Scanning costs by volume: a runaway upload must not.
                    "additional_extension_properties": {
                        "CapGBPerMonthPerStorageAccount": str(args.malware_scan_gb)
                    },
                },
                *_on(_SENSITIVE_DATA),
            ],
        ),
        "KeyVaults": ("PerKeyVault", []),
        "Arm": ("PerSubscription", []),
    }


def _on(*names: str) -> list[security.ExtensionArgsDict]:
    return [{"name": name, "is_enabled": security.IsEnabled.TRUE} for name in names]
