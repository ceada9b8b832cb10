"""Defender's plans: what a subscription pays for, each plan once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from typing_extensions import override

from emulator.arm.behaviours import Behaviour, Context, behaviour
from emulator.arm.errors import ArmError
from emulator.arm.ids import SUBSCRIPTION_TYPE, parse
from emulator.arm.store import Resource, now
from emulator.providers.checks import bad, carry, default, one_of, required

_CODE = "BadRequest"
_TRUTHS = ("True", "False")
_REGISTRIES = "ContainerRegistriesVulnerabilityAssessments"
_KUBERNETES = "AgentlessDiscoveryForKubernetes"
_MACHINES = "AgentlessVmScanning"
_DATA = "SensitiveDataDiscovery"


@dataclass(frozen=True)
class Plan:
    """The variants of a plan, the one that it begins with first, and its extensions."""

    variants: tuple[str, ...] = ()
    extensions: tuple[str, ...] = ()
    replaced_by: tuple[str, ...] = ()


# https://learn.microsoft.com/azure/templates/microsoft.security/pricings
PLANS: Mapping[str, Plan] = {
    "AI": Plan((), ("AIPromptEvidence", "AIPromptSharingWithPurview")),
    "Api": Plan(("P1", "P2", "P3", "P4", "P5")),
    "AppServices": Plan(),
    "Arm": Plan(("PerSubscription", "PerApiCall")),
    "CloudPosture": Plan(
        (),
        (_DATA, _REGISTRIES, _KUBERNETES, _MACHINES, "EntraPermissionsManagement", "ApiPosture"),
    ),
    "Containers": Plan(
        (),
        (
            *(_REGISTRIES, _KUBERNETES, _MACHINES, "ContainerSensor"),
            "ContainerIntegrityContribution",
        ),
    ),
    "ContainerRegistry": Plan(replaced_by=("Containers",)),
    "CosmosDbs": Plan(),
    "Dns": Plan(replaced_by=("VirtualMachines",)),
    "KeyVaults": Plan(("PerKeyVault", "PerTransaction")),
    "KubernetesService": Plan(replaced_by=("Containers",)),
    "OpenSourceRelationalDatabases": Plan(),
    "SqlServers": Plan(),
    "SqlServerVirtualMachines": Plan(),
    "StorageAccounts": Plan(
        ("DefenderForStorageV2", "PerStorageAccount", "PerTransaction"),
        ("OnUploadMalwareScanning", _DATA),
    ),
    "VirtualMachines": Plan(
        ("P2", "P1"), ("MdeDesignatedSubscription", _MACHINES, "FileIntegrityMonitoring")
    ),
}


@behaviour
class Pricing(Behaviour):
    """Whether a plan is bought, in which variant and with what beyond its basics."""

    type: ClassVar[str] = "Microsoft.Security/pricings"

    @override
    def prepare(self, ctx: Context, resource: Resource, previous: Resource | None) -> None:
        scope = parse(resource["id"]).scope
        if parse(scope).type != SUBSCRIPTION_TYPE:
            sentence = f"'{resource['id']}' is not on a subscription, which plans are bought for."
            raise ArmError(400, "InvalidScope", sentence)
        name = one_of(resource["name"], PLANS, "name", "InvalidPricingName")
        plan, properties = PLANS[name], resource["properties"]
        path = "properties.pricingTier"
        tier = required(resource, path, "Free or Standard", _CODE)
        properties["pricingTier"] = one_of(tier, ("Free", "Standard"), path, _CODE)
        if properties["pricingTier"] == "Standard":
            _check_standard(properties, name, plan)
        elif properties.get("subPlan") or properties.get("extensions"):
            sentence = f"Plan {name} is Free; only Standard has a subPlan and extensions."
            raise bad("properties.subPlan", sentence, _CODE)
        enforce = default(properties, "enforce", "False")
        properties["enforce"] = one_of(enforce, _TRUTHS, "properties.enforce", _CODE)
        before = previous["properties"]["pricingTier"] if previous else ""
        same = previous if before == properties["pricingTier"] else None
        carry(resource, same, {"enablementTime": now()})
        properties |= {
            "freeTrialRemainingTime": "PT0S",
            "inherited": "False",
            "resourcesCoverageStatus": "FullyCovered",
            "deprecated": bool(plan.replaced_by),
            "replacedBy": list(plan.replaced_by),
        }


def _check_standard(properties: dict[str, Any], name: str, plan: Plan) -> None:
    variant, path = properties.get("subPlan"), "properties.subPlan"
    if variant and not plan.variants:
        raise bad(path, f"'{path}' is {variant!r}; plan {name} has no variants.", _CODE)
    if plan.variants:
        properties["subPlan"] = one_of(variant or plan.variants[0], plan.variants, path, _CODE)
    seen: set[str] = set()
    for index, extension in enumerate(properties.get("extensions") or []):
        path = f"properties.extensions[{index}]"
        known = one_of(extension.get("name"), plan.extensions, f"{path}.name", "InvalidExtension")
        if known in seen:
            raise bad(f"{path}.name", f"'{path}.name' is {known} again; each once.", _CODE)
        seen.add(known)
        extension["name"] = known
        switched = extension.get("isEnabled")
        extension["isEnabled"] = one_of(switched, _TRUTHS, f"{path}.isEnabled", _CODE)
