"""Kubernetes nodes, whether their pools stand in the cluster or beside it, and their versions."""

import re
from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.props import Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import Parameter, texts
from policies.engine.values import Value
from policies.engine.verdict import PASSED, Verdict, not_applicable
from policies.rules.kubernetes import CLUSTER, of_kind

POOL = "containerservice:AgentPool"
_DOCS = "https://learn.microsoft.com/azure/aks"
_CHANNELS = ("rapid", "stable", "patch", "node-image")
# From this API version on, nodes of a cluster that says nothing get new images.
_NODE_IMAGES_BY_DEFAULT = "20230601"
_NUMBERS = re.compile(r"\s*v?([0-9]{1,4})\.([0-9]{1,4})(?:\.([0-9]{1,4}))?\s*")


def _pools(resource: Resource, check: Callable[[Props], Verdict]) -> Verdict:
    if resource.kind.is_one_of((POOL,)):
        return check(resource)
    return resource["agentPoolProfiles"].elements().all(check)


@rule(
    "aks-host-encryption",
    types=[CLUSTER, POOL],
    severity=Severity.MEDIUM,
    requirements=["K-19"],
    title="What nodes keep for a while is encrypted on the host",
    fix='Pass "enable_encryption_at_host": True for each pool; it cannot be changed later.',
    url=f"{_DOCS}/enable-host-encryption",
)
def host_encryption(resource: Resource) -> Verdict:
    """Temporary disks and caches of data disks are not encrypted otherwise."""
    return _pools(
        resource, lambda pool: pool["enableEncryptionAtHost"].or_default(False).must_equal(True)
    )


@rule(
    "aks-no-node-addresses",
    types=[CLUSTER, POOL],
    severity=Severity.HIGH,
    requirements=["K-23"],
    title="Nodes have no public addresses",
    fix='Leave enable_node_public_ip out of each pool, or pass "enable_node_public_ip": False.',
    url=f"{_DOCS}/use-node-public-ips",
)
def no_node_addresses(resource: Resource) -> Verdict:
    """A service meets its callers at a load balancer; nothing has to reach a node."""
    return _pools(
        resource, lambda pool: pool["enableNodePublicIP"].or_default(False).must_equal(False)
    )


@rule(
    "aks-no-node-login",
    types=[CLUSTER, POOL],
    severity=Severity.MEDIUM,
    requirements=["K-24"],
    title="Nobody logs in to nodes with a key",
    fix='Pass "security_profile": {"ssh_access": AgentPoolSSHAccess.DISABLED} for each pool.',
    url=f"{_DOCS}/manage-ssh-node-access",
    parameters={
        "allowed": texts(
            "Values of sshAccess that are good enough; EntraId asks the directory.", "Disabled"
        )
    },
)
def no_node_login(resource: Resource) -> Verdict:
    """Whoever has the key is root on the node, with all secrets of its pods; no log says who."""
    allowed = resource.settings.texts("allowed")
    return _pools(
        resource,
        lambda pool: (
            pool["securityProfile.sshAccess"]
            .or_default("LocalUser")
            .must_equal(*allowed, known=["LocalUser", "EntraId", "Disabled"])
        ),
    )


@rule(
    "aks-upgrades-itself",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-13"],
    title="A cluster gets new versions by itself",
    fix='Pass auto_upgrade_profile={"upgrade_channel": UpgradeChannel.PATCH}, '
    "with a maintenance configuration for the time.",
    url=f"{_DOCS}/auto-upgrade-cluster",
)
def upgrades_itself(cluster: Resource) -> Verdict:
    """A version that is out of support gets no more fixes, and none is in support for long."""
    channel = cluster["autoUpgradeProfile.upgradeChannel"]
    default = of_kind(cluster, usual="none", automatic="stable")
    return channel.or_default(default).must_equal(*_CHANNELS, known=["none"])


@rule(
    "aks-nodes-patched",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-14"],
    title="A cluster's nodes get security fixes by themselves",
    fix='Pass auto_upgrade_profile={"node_os_upgrade_channel": NodeOSUpgradeChannel.NODE_IMAGE}.',
    url=f"{_DOCS}/auto-upgrade-node-os-image",
)
def nodes_patched(cluster: Resource) -> Verdict:
    """Unmanaged leaves reboots to nobody, None leaves the fixes out as well."""
    version = cluster.kind.api_version
    default = "NodeImage" if (version or "9") >= _NODE_IMAGES_BY_DEFAULT else "None"
    channel = cluster["autoUpgradeProfile.nodeOSUpgradeChannel"].or_default(default)
    return channel.must_equal("SecurityPatch", "NodeImage", known=["None", "Unmanaged"])


@rule(
    "aks-uptime-promised",
    types=[CLUSTER],
    severity=Severity.LOW,
    requirements=["K-30"],
    title="A cluster's API server has Azure's word on its uptime",
    fix='Pass sku={"name": "Base", "tier": ManagedClusterSKUTier.STANDARD}.',
    url=f"{_DOCS}/free-standard-pricing-tiers",
    parameters={"free_in": texts("Environments in which the free tier is good enough.", "dev")},
)
def uptime_promised(cluster: Resource) -> Verdict:
    """The free tier is meant for trials: it is slower, and nobody answers for it."""
    if cluster.environment in cluster.settings.texts("free_in"):
        return not_applicable("the free tier is good enough in this environment")
    default = of_kind(cluster, usual="Free", automatic="Standard")
    # Basic and Paid are what earlier API versions call the first two.
    tier = cluster["sku.tier"].or_default(default)
    return tier.must_equal("Standard", "Premium", "Paid", known=["Free", "Basic"])


@rule(
    "aks-version",
    types=[CLUSTER],
    severity=Severity.MEDIUM,
    requirements=["K-29"],
    title="A cluster's version is supported",
    fix="Raise kubernetes_version, leave it out for Azure's own choice, or pass an upgrade "
    "channel rapid or stable.",
    url=f"{_DOCS}/supported-kubernetes-versions",
    parameters={
        "minimum": Parameter(
            "The oldest version that is good enough; each is supported for about a year.",
            "1.32",
            {"type": "string", "pattern": r"^[0-9]+\.[0-9]+(\.[0-9]+)?$"},
        )
    },
)
def version(cluster: Resource) -> Verdict:
    """Flaws that are found in an old version stay in it."""
    minimum = cluster.settings.text("minimum")
    said = cluster["kubernetesVersion"]
    text = said.text
    new_enough = (
        said.must(
            lambda value: not _is_older(value, minimum),
            wanted=f"{minimum} or newer",
            known=[text] if text and _numbers(text) else [],
        )
        if said.given
        else PASSED
    )
    channel = cluster["autoUpgradeProfile.upgradeChannel"].or_default("none")
    return (new_enough | channel.must_equal("rapid", "stable")).because(*new_enough.evidence)


def _is_older(value: Value, minimum: str) -> bool:
    """Whether a version is surely older; 1.33 means its newest patch, and is not too old."""
    found, least = _numbers(value), _numbers(minimum)
    if found is None or least is None:
        return found is None
    # What is not said of a version, a patch, cannot make it older.
    length = min(len(found), len(least))
    return found[:length] < least[:length]


def _numbers(value: Value) -> tuple[int, ...] | None:
    match = _NUMBERS.fullmatch(value) if isinstance(value, str) else None
    return tuple(int(one) for one in match.groups() if one is not None) if match else None
