"""What makes a pool of nodes right, written inline in its cluster or by itself."""

import re
from typing import Any

from emulator.arm.behaviours import Context
from emulator.arm.bodies import check_unchanged
from emulator.arm.errors import ArmError
from emulator.arm.ids import parse
from emulator.arm.store import Resource
from emulator.providers.checks import bad, between, choice, default, flag, named, of_type
from emulator.providers.containerservice import versions
from emulator.providers.network.subnets import TYPE as SUBNET

CLUSTER = "Microsoft.ContainerService/managedClusters"
KIND = "agentPools"
IMMUTABLE = tuple(
    f"properties.{name}"
    for name in (
        "availabilityZones",
        "enableEncryptionAtHost",
        "enableFIPS",
        "enableNodePublicIP",
        "gpuInstanceProfile",
        "maxPods",
        "osDiskSizeGB",
        "osDiskType",
        "osType",
        "podSubnetID",
        "proximityPlacementGroupID",
        "scaleSetPriority",
        "type",
        "vmSize",
        "vnetSubnetID",
    )
)
_SKUS = {
    "Linux": (
        "Ubuntu",
        "Ubuntu2204",
        "Ubuntu2404",
        "AzureLinux",
        "AzureLinux3",
        "AzureContainerLinux",
    ),
    "Windows": ("Windows2019", "Windows2022", "Windows2025"),
}
_NAMES = {"Linux": r"[a-z][a-z0-9]{0,11}", "Windows": r"[a-z][a-z0-9]{0,5}"}
_MOST_NODES = 1000
_TAINT = re.compile(r"([\w./-]+)=([\w.-]*):(NoSchedule|PreferNoSchedule|NoExecute)")
_ADDONS_ONLY = "CriticalAddonsOnly=true:"
_SPOT = "kubernetes.azure.com/scalesetpriority"
_VM_SIZE = re.compile(r"Standard_[A-Za-z0-9_-]+")
_SURGE = re.compile(r"[1-9]\d*%?")


def complete(ctx: Context, cluster: Resource, pool: Resource, previous: Resource | None) -> None:
    """Check and complete a pool of a cluster whose own networks are complete already.

    Raises:
        ArmError: 400, or 409 for a change that Azure takes at creation only.
    """
    properties = pool["properties"]
    if previous is not None:
        check_unchanged(IMMUTABLE, pool, previous)
        for name in (path.partition(".")[2] for path in IMMUTABLE):
            if properties.get(name) is None and name in previous["properties"]:
                properties[name] = previous["properties"][name]  # what is left out stays
    _complete_machine(pool)
    _complete_count(properties, previous)
    _complete_network(ctx, cluster, properties)
    _complete_spot(properties)
    _check_taints(pool)
    _complete_version(cluster, pool, previous)
    for name in ("enableNodePublicIP", "enableEncryptionAtHost", "enableFIPS", "enableUltraSSD"):
        flag(properties, name, initial=False)
    security = default(properties, "securityProfile", {})
    default(security, "enableVTPM", False)
    default(security, "enableSecureBoot", False)
    default(properties, "powerState", {"code": "Running"})
    properties["provisioningState"] = "Succeeded"


def _complete_machine(pool: Resource) -> None:
    properties = pool["properties"]
    system = choice(properties, "osType", tuple(_SKUS), "Linux")
    named(
        pool,
        _NAMES[system],
        "InvalidParameter",
        "The agent pool name '{name}' is not valid: wanted are lower-case letters and digits, a "
        f"letter first, at most {12 if system == 'Linux' else 6} for {system}.",
    )
    choice(properties, "osSKU", _SKUS[system], _SKUS[system][0])
    size = default(properties, "vmSize", "Standard_D4ds_v5")
    if not isinstance(size, str) or not _VM_SIZE.fullmatch(size):
        sentence = f"'properties.vmSize' is {size!r}; wanted: a size such as 'Standard_D4ds_v5'."
        raise bad("properties.vmSize", sentence)
    choice(properties, "osDiskType", ("Managed", "Ephemeral"), "Managed")
    disk = default(properties, "osDiskSizeGB", 128) or 128  # 0 asks for the default as well
    properties["osDiskSizeGB"] = between(disk, 30, 2048, "properties.osDiskSizeGB")
    choice(properties, "kubeletDiskType", ("OS", "Temporary"), "OS")
    kinds = ("VirtualMachineScaleSets", "AvailabilitySet", "VirtualMachines")
    kind = choice(properties, "type", kinds, kinds[0])
    choice(properties, "mode", ("User", "System", "Gateway"), "User")
    zones = properties.get("availabilityZones")
    if zones is not None and (kind == "AvailabilitySet" or not set(zones) <= {"1", "2", "3"}):
        sentence = (
            f"'properties.availabilityZones' is {zones!r} in a pool of {kind}; wanted: zones of "
            "'1', '2' and '3' in a pool that is not an AvailabilitySet."
        )
        raise bad("properties.availabilityZones", sentence, "AvailabilityZoneNotSupported")
    if properties["mode"] == "System" and system != "Linux":
        sentence = f"The pool '{pool['name']}' is {system}; a system pool must be Linux."
        raise bad("properties.mode", sentence)


def _complete_count(properties: dict[str, Any], previous: Resource | None) -> None:
    least = 1 if properties["mode"] == "System" else 0
    scaling = flag(properties, "enableAutoScaling", initial=False)
    low, high = properties.get("minCount"), properties.get("maxCount")
    if not scaling:
        if low is not None or high is not None:
            raise bad(
                "properties.enableAutoScaling",
                "properties.minCount and maxCount cannot be set when enableAutoScaling is false.",
            )
        count = default(properties, "count", 1)
        between(count, least, _MOST_NODES, "properties.count")
        return
    between(low, least, _MOST_NODES, "properties.minCount")
    between(high, max(int(low or 0), 1), _MOST_NODES, "properties.maxCount")
    old = (previous or {}).get("properties", {}).get("count")
    # The autoscaler owns the count; without one in the body it stays as it was, within bounds.
    start = old if isinstance(old, int) else low
    count = default(properties, "count", min(max(int(start or 0), int(low or 0)), int(high or 0)))
    between(count, int(low or 0), int(high or 0), "properties.count")


def _complete_network(ctx: Context, cluster: Resource, properties: dict[str, Any]) -> None:
    network = cluster["properties"]["networkProfile"]
    plugin, overlay = network["networkPlugin"], network.get("networkPluginMode") == "overlay"
    pods = 250 if overlay else 110 if plugin == "kubenet" else 30
    between(default(properties, "maxPods", pods), 10, 250, "properties.maxPods")
    homes: set[str] = set()
    for name in ("vnetSubnetID", "podSubnetID"):
        id_ = properties.get(name)
        if not id_:
            continue
        if of_type(ctx.store, id_, SUBNET) is None:
            sentence = f"Subnet {id_} of 'properties.{name}' was not found; create it first."
            raise bad(f"properties.{name}", sentence, "LinkedInvalidPropertyId")
        homes.add(str(id_).lower().rpartition("/subnets/")[0])
    if len(homes) > 1:
        sentence = "properties.vnetSubnetID and podSubnetID are in two networks; wanted: one."
        raise bad("properties.podSubnetID", sentence, "AgentPoolsMustBeInSameVnet")
    if properties.get("podSubnetID") and (overlay or plugin != "azure"):
        sentence = "properties.podSubnetID needs networkPlugin azure without the overlay mode."
        raise bad("properties.podSubnetID", sentence)


def _complete_spot(properties: dict[str, Any]) -> None:
    priority = choice(properties, "scaleSetPriority", ("Regular", "Spot"), "Regular")
    upgrades = default(properties, "upgradeSettings", {})
    surge = upgrades.get("maxSurge")
    if surge is not None and not _SURGE.fullmatch(str(surge)):
        path = "properties.upgradeSettings.maxSurge"
        sentence = f"'{path}' is {surge!r}; wanted: a number such as '1', or a share such as '33%'."
        raise bad(path, sentence)
    if priority == "Regular":
        default(upgrades, "maxSurge", "10%")
        properties.pop("scaleSetEvictionPolicy", None)
        return
    if properties["mode"] == "System":
        sentence = "properties.scaleSetPriority is Spot in a system pool; wanted: mode User."
        raise bad("properties.scaleSetPriority", sentence)
    if surge is not None:
        sentence = "properties.upgradeSettings.maxSurge cannot be set for a Spot pool."
        raise bad("properties.upgradeSettings.maxSurge", sentence)
    choice(properties, "scaleSetEvictionPolicy", ("Delete", "Deallocate"), "Delete")
    default(properties, "spotMaxPrice", -1)
    # The service marks the nodes, so that only who tolerates it lands on them.
    taints = default(properties, "nodeTaints", [])
    if f"{_SPOT}=spot:NoSchedule" not in taints:
        taints.append(f"{_SPOT}=spot:NoSchedule")
    default(default(properties, "nodeLabels", {}), _SPOT, "spot")


def _check_taints(pool: Resource) -> None:
    properties = pool["properties"]
    for taint in properties.get("nodeTaints") or []:
        if not _TAINT.fullmatch(str(taint)):
            sentence = (
                f"The taint {taint!r} is not valid; wanted: key=value:NoSchedule or the like."
            )
            raise bad("properties.nodeTaints", sentence)
        hard = not taint.endswith(":PreferNoSchedule")
        if properties["mode"] == "System" and hard and not taint.startswith(_ADDONS_ONLY):
            raise bad(
                "properties.nodeTaints",
                f"The system pool '{pool['name']}' has the taint '{taint}'; system pools take no "
                f"hard taint but {_ADDONS_ONLY}NoSchedule.",
            )


def _complete_version(cluster: Resource, pool: Resource, previous: Resource | None) -> None:
    properties = pool["properties"]
    its = cluster["properties"]["currentKubernetesVersion"]
    old = (previous or {}).get("properties", {})
    path = "properties.orchestratorVersion"
    given = default(properties, "orchestratorVersion", old.get("orchestratorVersion", its))
    current = versions.exact(given, path, cluster["location"])
    if old and versions.numbers(current) != versions.numbers(old["currentOrchestratorVersion"]):
        versions.check_upgrade(old["currentOrchestratorVersion"], current, pool["name"])
    versions.check_pool(current, its, path)
    properties["currentOrchestratorVersion"] = current
    image = f"AKS{properties['osSKU']}-{current.replace('.', '')}containerd-202610.13.0"
    properties["nodeImageVersion"] = old.get("nodeImageVersion", image)


def check_together(cluster: Resource, pools: list[Resource]) -> None:
    """Refuse pools that do not fit together: no system pool, several networks, too many.

    Raises:
        ArmError: 400.
    """
    if not any(pool["properties"]["mode"] == "System" for pool in pools):
        sentence = (
            f"Managed cluster '{cluster['name']}' must have at least one agent pool whose mode is "
            "System and whose osType is Linux."
        )
        raise ArmError(400, "InvalidParameter", sentence, "properties.agentPoolProfiles")
    ids = [str(pool["properties"].get("vnetSubnetID") or "").lower() for pool in pools]
    homes = {id_.rpartition("/subnets/")[0] for id_ in ids}
    if len(homes) > 1:
        sentence = (
            f"All or none of the agent pools of '{cluster['name']}' set a subnet, and all in one "
            f"virtual network; found: {', '.join(sorted(home or 'none' for home in homes))}."
        )
        raise bad("properties.vnetSubnetID", sentence, "AgentPoolsMustBeInSameVnet")
    most = cluster["properties"]["maxAgentPools"]
    if len(pools) > most:
        sentence = f"'{cluster['name']}' has {len(pools)} agent pools; at most {most} fit."
        raise bad("properties.agentPoolProfiles", sentence)


def inline(pool: Resource) -> dict[str, Any]:
    """Return a pool as its cluster shows it."""
    return {"name": pool["name"], **pool["properties"]}


def cluster_of(ctx: Context, pool: Resource) -> Resource:
    """Return the cluster that a child of it belongs to.

    Raises:
        ArmError: 400: it is not there.
    """
    parent = parse(pool["id"]).parent
    cluster = ctx.store.get(parent.text) if parent else None
    if cluster is None:
        raise bad("id", f"The cluster of '{pool['id']}' was not found; create it first.")
    return cluster
