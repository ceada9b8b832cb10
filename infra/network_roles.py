"""Who may use the ways into a stamp's network, and what its own services need there."""

from collections.abc import Iterable

from infra.builtin_roles import Role
from infra.roles import WORKSPACE_IDENTITY, Grant, Scope
from infra.settings import PrincipalKind

FLOW_LOG_IDENTITY = "flow-logs"

_JUMP_HOST_GRANTS = (
    (
        Role.VIRTUAL_MACHINE_USER_LOGIN,
        Scope.JUMP_HOST,
        "signs in to the jump host with Entra, without administering it",
    ),
    (Role.READER, Scope.JUMP_HOST_INTERFACE, "Bastion looks up where the machine is, as the user"),
    (Role.READER, Scope.BASTION, "opens a tunnel through the bastion host"),
)


def jump_host_grants(people: Iterable[tuple[str, PrincipalKind]]) -> list[Grant]:
    """What those who come in by the jump host need; by their name in the stamp and their kind."""
    return [Grant(name, *grant, kind) for name, kind in people for grant in _JUMP_HOST_GRANTS]


def monitoring_link_grants() -> list[Grant]:
    """What the workspace's identity needs so that jobs reach the private link scope."""
    reason = "the managed network's endpoint to the scope needs an approver on it"
    role = Role.NETWORK_CONNECTION_APPROVER
    return [Grant(WORKSPACE_IDENTITY, role, Scope.MONITORING_LINK, reason)]


def flow_log_grants() -> list[Grant]:
    """What the identity of the flow logs needs: the account takes no keys."""
    role = Role.STORAGE_BLOB_DATA_CONTRIBUTOR
    return [Grant(FLOW_LOG_IDENTITY, role, Scope.FLOW_LOGS, "Network Watcher writes as it")]
