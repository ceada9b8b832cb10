"""Compute clusters and compute instances of Azure Machine Learning."""

from collections.abc import Callable

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict, only_if

COMPUTE = "machinelearningservices:Compute"
CLUSTER, INSTANCE = "AmlCompute", "ComputeInstance"
_DOCS = "https://learn.microsoft.com/azure/machine-learning"


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
