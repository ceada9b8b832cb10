"""Compute clusters and compute instances of Azure Machine Learning."""

import re
from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import Parameter, texts
from policies.engine.values import Value
from policies.engine.verdict import PASSED, Verdict, only_if

COMPUTE = "machinelearningservices:Compute"
CLUSTER, INSTANCE = "AmlCompute", "ComputeInstance"
_DOCS = "https://learn.microsoft.com/azure/machine-learning"
_DURATION = re.compile(
    r"P(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,4})H)?(?:([0-9]{1,5})M)?(?:([0-9]{1,6})S)?)?",
    re.IGNORECASE,
)
_SECONDS = (86400, 3600, 60, 1)


def _number(description: str, default: float) -> Parameter:
    return Parameter(description, default, {"type": "number", "minimum": 0})


def _only(compute: Resource, kinds: tuple[str, ...], check: Callable[[], Verdict]) -> Verdict:
    """Attached computes are other resources, with rules of their own."""
    kind = compute["properties.computeType"].must_equal(*kinds)
    return only_if(kind, check, "another kind of compute")


@rule(
    "ml-compute-no-local-login",
    types=[COMPUTE],
    severity=Severity.CRITICAL,
    requirements=["MC-01"],
    title="A compute has no local accounts",
    fix='Pass "disable_local_auth": True in properties.',
    url=f"{_DOCS}/how-to-integrate-azure-policy",
)
def no_local_login(compute: Resource) -> Verdict:
    """A login by key or password is nobody's: no role takes it away, no log names a person."""
    login = compute["properties.disableLocalAuth"].or_default(False)
    return _only(compute, (CLUSTER, INSTANCE), lambda: login.must_equal(True))


@rule(
    "ml-compute-no-public-ip",
    types=[COMPUTE],
    severity=Severity.HIGH,
    requirements=["U-02"],
    title="A compute's nodes have no public address",
    fix='Pass "enable_node_public_ip": False in properties of properties.',
    url=f"{_DOCS}/how-to-secure-training-vnet",
)
def no_public_ip(compute: Resource) -> Verdict:
    """Nodes fetch their work; nothing has to reach them."""
    address = compute["properties.properties.enableNodePublicIp"].or_default(True)
    return _only(compute, (CLUSTER, INSTANCE), lambda: address.must_equal(False))


@rule(
    "ml-cluster-no-remote-login",
    types=[COMPUTE],
    severity=Severity.HIGH,
    requirements=["U-03"],
    title="A cluster's nodes keep their ssh port closed",
    fix='Pass "remote_login_port_public_access": RemoteLoginPortPublicAccess.DISABLED '
    "in properties of properties.",
    url=f"{_DOCS}/how-to-create-attach-compute-cluster",
)
def no_remote_login(compute: Resource) -> Verdict:
    """NotSpecified, which is the default, opens the port where the cluster has no network."""
    port = compute["properties.properties.remoteLoginPortPublicAccess"].or_default("NotSpecified")
    return _only(
        compute,
        (CLUSTER,),
        lambda: port.must_equal("Disabled", known=["Enabled", "NotSpecified"]),
    )


@rule(
    "ml-instance-no-ssh",
    types=[COMPUTE],
    severity=Severity.HIGH,
    requirements=["U-03"],
    title="A compute instance keeps its ssh port closed",
    fix='Leave ssh_settings out, or pass {"ssh_public_access": SshPublicAccess.DISABLED}.',
    url=f"{_DOCS}/how-to-create-compute-instance",
)
def no_ssh(compute: Resource) -> Verdict:
    """The terminal in the studio asks for an identity; the port asks for a key."""
    ssh = compute["properties.properties.sshSettings.sshPublicAccess"].or_default("Disabled")
    return _only(compute, (INSTANCE,), lambda: ssh.must_equal("Disabled", known=["Enabled"]))


@rule(
    "ml-cluster-scales-to-zero",
    types=[COMPUTE],
    severity=Severity.LOW,
    requirements=["MC-04"],
    title="A cluster without work has no nodes",
    fix='Pass "min_node_count": 0 in scale_settings.',
    url=f"{_DOCS}/how-to-manage-optimize-cost",
)
def scales_to_zero(compute: Resource) -> Verdict:
    """An idle node costs as much as a busy one, and nobody patches it."""
    nodes = compute["properties.properties.scaleSettings.minNodeCount"].or_default(0)
    return _only(compute, (CLUSTER,), lambda: nodes.must_be_at_most(0))


@rule(
    "ml-compute-no-password",
    types=[COMPUTE],
    severity=Severity.HIGH,
    requirements=["U-14"],
    title="A cluster's nodes have no password",
    fix='Leave "admin_user_password" out of user_account_credentials, or leave those out.',
    url=f"{_DOCS}/how-to-create-attach-compute-cluster",
)
def no_password(compute: Resource) -> Verdict:
    """One password opens every node, and stands in the deployment's state."""
    password = compute["properties.properties.userAccountCredentials.adminUserPassword"]
    return _only(compute, (CLUSTER,), lambda: password.or_default("").must_equal(""))


@rule(
    "ml-compute-identity",
    types=[COMPUTE],
    severity=Severity.MEDIUM,
    requirements=["U-15"],
    title="A compute has an identity",
    fix='Pass identity={"type": "UserAssigned", "user_assigned_identities": [identity.id]}.',
    url=f"{_DOCS}/how-to-identity-based-service-authentication",
)
def identity(compute: Resource) -> Verdict:
    """Without one, jobs open data with keys."""
    kind = compute["identity.type"]
    return _only(
        compute,
        (CLUSTER, INSTANCE),
        lambda: kind.must_be_set() & kind.must_not_equal("None"),
    )


@rule(
    "ml-instance-stops-when-idle",
    types=[COMPUTE],
    severity=Severity.MEDIUM,
    requirements=["MC-03"],
    title="A compute instance stops when nobody uses it",
    fix='Pass "idle_time_before_shutdown": "PT1H" in properties of properties.',
    url=f"{_DOCS}/how-to-create-compute-instance#configure-idle-shutdown",
)
def stops_when_idle(compute: Resource) -> Verdict:
    """A forgotten one costs all night, and is logged in as its owner."""
    idle = compute["properties.properties.idleTimeBeforeShutdown"]
    return _only(compute, (INSTANCE,), idle.must_be_set)


@rule(
    "ml-instance-idle-bounds",
    types=[COMPUTE],
    severity=Severity.LOW,
    requirements=["U-16"],
    title="A compute instance stops soon, but not between two thoughts",
    fix='Pass "idle_time_before_shutdown" between "PT15M" and "PT3H".',
    url=f"{_DOCS}/how-to-create-compute-instance#configure-idle-shutdown",
    parameters={
        "shortest_minutes": _number("The shortest time, in minutes.", 15),
        "longest_minutes": _number("The longest time, in minutes.", 180),
    },
)
def idle_bounds(compute: Resource) -> Verdict:
    """Azure takes up to three days, which no forgotten instance is worth."""
    shortest = compute.settings.number("shortest_minutes") * 60
    longest = compute.settings.number("longest_minutes") * 60
    idle = compute["properties.properties.idleTimeBeforeShutdown"]
    text = idle.text

    def check() -> Verdict:
        if not idle.given:
            return PASSED  # that there is a time is another rule
        return idle.must(
            lambda value: (
                (seconds := _seconds(value)) is not None and shortest <= seconds <= longest
            ),
            wanted=f"between {shortest / 60:g} and {longest / 60:g} minutes",
            known=[text] if text and _seconds(text) is not None else [],
        )

    return _only(compute, (INSTANCE,), check)


@rule(
    "ml-cluster-size",
    types=[COMPUTE],
    severity=Severity.LOW,
    requirements=["U-17"],
    title="A cluster grows no further than its environment allows",
    fix='Lower "max_node_count" in scale_settings, or raise the rule\'s parameter.',
    url=f"{_DOCS}/how-to-manage-optimize-cost",
    parameters={
        environment: _number(f"The most nodes of a cluster in {environment}.", most)
        for environment, most in (("dev", 4), ("staging", 8), ("prod", 32))
    },
)
def size(compute: Resource) -> Verdict:
    """A loop that submits jobs spends what the cluster lets it spend."""
    most = compute.settings.number(compute.environment)
    nodes = compute["properties.properties.scaleSettings.maxNodeCount"].or_default(1)
    return _only(compute, (CLUSTER,), lambda: nodes.must_be_at_most(most))


@rule(
    "ml-cluster-dedicated",
    types=[COMPUTE],
    severity=Severity.LOW,
    requirements=["U-18"],
    title="A cluster's nodes are its own where others wait for its work",
    fix='Leave "vm_priority" out, or pass VmPriority.DEDICATED.',
    url=f"{_DOCS}/how-to-manage-optimize-cost",
    parameters={"low_priority_in": texts("Environments in which nodes may be taken away.", "dev")},
)
def dedicated(compute: Resource) -> Verdict:
    """Azure takes the others away in the middle of a job."""
    priorities = ["Dedicated"]
    if compute.environment in compute.settings.texts("low_priority_in"):
        priorities.append("LowPriority")
    priority = compute["properties.properties.vmPriority"].or_default("Dedicated")
    return _only(
        compute, (CLUSTER,), lambda: priority.must_equal(*priorities, known=["LowPriority"])
    )


def _seconds(value: Value) -> int | None:
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        return None
    return sum(int(one or 0) * unit for one, unit in zip(match.groups(), _SECONDS, strict=True))
