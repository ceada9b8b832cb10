"""Groups of containers: their addresses, their secrets and their rights."""

import re

from policies.engine.levels import Severity
from policies.engine.props import Many, Props
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.verdict import Verdict

GROUP = "containerinstance:ContainerGroup"
_DOCS = "https://learn.microsoft.com/azure/container-instances"
SECRET_NAME = re.compile(
    r".*(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key"
    r"|connection[_-]?string|sas[_-]?token|auth[_-]?token|access[_-]?token)",
    re.IGNORECASE,
)


@rule(
    "container-group-no-public-address",
    types=[GROUP],
    severity=Severity.HIGH,
    requirements=["U-35"],
    title="A container group has no public address",
    fix='Pass subnet_ids=[{"id": subnet.id}] and ip_address={"type": '
    "ContainerGroupIpAddressType.PRIVATE, ...}, or leave ip_address out.",
    url=f"{_DOCS}/container-instances-vnet",
)
def no_public_address(group: Resource) -> Verdict:
    """Nothing stands before it: no firewall, no balancer, no security group."""
    return group["ipAddress.type"].or_default("Private").must_equal("Private", known=["Public"])


@rule(
    "container-group-secrets",
    types=[GROUP],
    severity=Severity.HIGH,
    requirements=["U-36"],
    title="A container group pulls as an identity and keeps its secrets hidden",
    fix='Pass "identity" instead of "password" in image_registry_credentials, and "secure_value" '
    'instead of "value" for a secret variable.',
    url=f"{_DOCS}/container-instances-environment-variables",
)
def secrets(group: Resource) -> Verdict:
    """What is no secure value stands in the portal for everyone who may look."""
    logins = group["imageRegistryCredentials"].elements()
    return logins.all(lambda login: _none(login["password"])) & _containers(group).all(
        lambda one: one["environmentVariables"].elements().all(_hidden)
    )


@rule(
    "container-group-no-privileges",
    types=[GROUP],
    severity=Severity.HIGH,
    requirements=["U-37"],
    title="Containers run without privileges",
    fix='Leave "privileged" out of security_context and pass "allow_privilege_escalation": False.',
    url=f"{_DOCS}/container-instances-container-groups",
)
def no_privileges(group: Resource) -> Verdict:
    """A privileged container is root on what carries it."""
    return _containers(group).all(
        lambda one: one["securityContext.privileged"].or_default(False).must_equal(False)
    )


def _containers(group: Resource) -> Many:
    return group["containers"].elements() + group["initContainers"].elements()


def _hidden(variable: Props) -> Verdict:
    harmless = variable["name"].must(
        lambda name: not (isinstance(name, str) and SECRET_NAME.fullmatch(name)),
        wanted="a name that promises no secret",
    )
    hidden = _none(variable["value"])
    return (harmless | hidden).because(*hidden.evidence)


def _none(value: Props) -> Verdict:
    """Nothing there; an unknown value is one, which is not shown yet."""
    return value.or_default("").must_equal("")
