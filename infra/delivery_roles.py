"""What CI may do: the rows of the table of grants for the identities of pipelines."""

from infra.builtin_roles import Role
from infra.roles import Grant, Scope

PLAN, DEPLOY, RELEASE = "ci-plan", "ci-deploy", "ci-release"
PURPOSES = (PLAN, DEPLOY, RELEASE)

# What the platform's program grants. Neither Owner nor the right to grant is among them, so whoever
# takes over a pipeline cannot make an administrator. Contributor is: the workspace's identity holds
# it on single resources, and the pipeline itself has no less.
DELEGATED = tuple(
    sorted(role for role in Role if role is not Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR)
)


def delegation_condition(roles: tuple[Role, ...] = DELEGATED) -> str:
    """Return the condition under which grants of these roles only may be made and removed.

    https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
    """
    ids = ", ".join(role.value for role in roles)
    attribute = "[Microsoft.Authorization/roleAssignments:RoleDefinitionId]"
    parts = [
        f"((!(ActionMatches{{'Microsoft.Authorization/roleAssignments/{action}'}})) OR "
        f"({source}{attribute} ForAnyOfAnyValues:GuidEquals {{{ids}}}))"
        for action, source in (("write", "@Request"), ("delete", "@Resource"))
    ]
    return " AND ".join(parts)


def group_grants() -> list[Grant]:
    """What pipelines may do in each resource group of the environment."""
    return [
        Grant(PLAN, Role.READER, Scope.GROUP, "previews compare the program with what is there"),
        Grant(DEPLOY, Role.CONTRIBUTOR, Scope.GROUP, "makes and changes the platform's resources"),
        Grant(
            DEPLOY,
            Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR,
            Scope.GROUP,
            "makes the platform's grants; the condition keeps it from making others",
            condition=delegation_condition(),
        ),
    ]


def workspace_grants() -> list[Grant]:
    """What pipelines may do in a workspace."""
    reason = "submits pipelines and releases models; has no right over the infrastructure"
    return [Grant(RELEASE, Role.AZUREML_DATA_SCIENTIST, Scope.WORKSPACE, reason)]


def registry_grants() -> list[Grant]:
    """What pipelines may do in the registry of models."""
    reason = "promotes models from one environment to the next"
    return [Grant(RELEASE, Role.AZUREML_REGISTRY_USER, Scope.MODEL_REGISTRY, reason)]
