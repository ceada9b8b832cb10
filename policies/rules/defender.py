"""Microsoft Defender for Cloud: its plans, and what it looks for in storage accounts."""

from policies.engine.levels import ADVICE, Severity
from policies.engine.resource import Node, Resource
from policies.engine.rule import graph_rule, rule
from policies.engine.settings import texts
from policies.engine.verdict import Evidence, Verdict, any_of, not_applicable, only_if
from policies.rules.targets import is_first

PRICING, OF_STORAGE = "security:Pricing", "security:DefenderForStorage"
_DOCS = "https://learn.microsoft.com/azure/defender-for-cloud"


@rule(
    "defender-plan-on",
    types=[PRICING],
    severity=Severity.MEDIUM,
    requirements=["M-12"],
    title="A Defender plan that is named is on",
    fix="Pass pricing_tier=PricingTier.STANDARD.",
    url=f"{_DOCS}/defender-for-cloud-introduction",
    parameters={
        "retired": texts(
            "Plans that newer ones have taken the place of, which may be off.",
            "ContainerRegistry",
            "Dns",
            "KubernetesService",
        )
    },
)
def plan_on(pricing: Resource) -> Verdict:
    """Without its plan a service is looked at by nobody."""
    tier = pricing["pricingTier"].or_default("Free").must_equal("Standard", known=["Free"])
    retired = pricing["pricingName"].must_equal(*pricing.settings.texts("retired"))
    return (tier | retired).because(*tier.evidence)


@graph_rule(
    "defender-plans-complete",
    types=[PRICING],
    severity=Severity.MEDIUM,
    # The plans of a subscription may be chosen in several places.
    levels=ADVICE,
    requirements=["M-12"],
    title="A subscription's Defender plans cover what the platform is made of",
    fix="Add a security.Pricing with pricing_name and pricing_tier=PricingTier.STANDARD.",
    url=f"{_DOCS}/defender-for-cloud-introduction",
    parameters={
        "plans": texts(
            "Plans that have to be on.",
            "Arm",
            "CloudPosture",
            "Containers",
            "KeyVaults",
            "StorageAccounts",
        )
    },
)
def plans_complete(pricing: Node) -> Verdict:
    """An intruder takes the way that is not watched."""
    if not is_first(pricing):
        return not_applicable("asked once for all plans")
    plans, wanted = pricing.graph.of(PRICING), pricing.settings.texts("plans")
    total = None
    for name in wanted:
        missing = Evidence("Defender plan", "missing", name)
        found = any_of((one["pricingName"].must_equal(name) for one in plans), otherwise=missing)
        found = found.because(missing)
        total = found if total is None else total & found
    return total or not_applicable("no plan is wanted")


@rule(
    "defender-storage-on",
    types=[OF_STORAGE],
    severity=Severity.MEDIUM,
    requirements=["S-23"],
    title="Defender's own setting of a storage account is on",
    fix='Pass properties={"is_enabled": True, ...}, or leave the setting to the subscription.',
    url=f"{_DOCS}/defender-for-storage-introduction",
)
def storage_on(setting: Resource) -> Verdict:
    """A setting of the account goes before the subscription's plan, and can switch it off."""
    return setting["properties.isEnabled"].or_default(False).must_equal(True)


@rule(
    "defender-storage-malware",
    types=[OF_STORAGE],
    severity=Severity.MEDIUM,
    requirements=["S-24"],
    title="What is uploaded to a storage account is scanned",
    fix='Pass "malware_scanning": {"on_upload": {"is_enabled": True}} in properties.',
    url=f"{_DOCS}/on-upload-malware-scanning",
)
def storage_malware(setting: Resource) -> Verdict:
    """A model that is loaded from a file runs what the file says."""
    on = setting["properties.isEnabled"].or_default(False).must_equal(True)
    scan = setting["properties.malwareScanning.onUpload.isEnabled"].or_default(False)
    return only_if(on, lambda: scan.must_equal(True), "Defender is off")
