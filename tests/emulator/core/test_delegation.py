"""A pipeline that may grant some roles: over the management plane, by effect."""

import uuid

from infra.builtin_roles import Role
from infra.delivery_roles import delegation_condition
from tests.emulator.core.conftest import GROUP, SUBSCRIPTION, Azure, refused

AUTHORIZATION = "providers/Microsoft.Authorization"
IDENTITIES = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def assignment() -> str:
    return f"{GROUP}/{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"


def grant(role: str, principal_id: str, **more: str) -> dict:
    definition = f"{SUBSCRIPTION}/{AUTHORIZATION}/roleDefinitions/{role}"
    return {
        "properties": {"roleDefinitionId": definition, "principalId": principal_id, **more},
    }


def test_a_pipeline_grants_and_removes_what_its_condition_allows_and_nothing_else(azure: Azure):
    def identity(name: str) -> str:
        made = azure.made(f"{IDENTITIES}/{name}", {"location": "westeurope"})
        return made["properties"]["principalId"]

    pipeline, worker = identity("pipeline"), identity("worker")
    delegate = grant(
        Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR,
        pipeline,
        condition=delegation_condition(),
        conditionVersion="2.0",
    )
    azure.made(assignment(), delegate)
    theirs = assignment()
    azure.made(theirs, grant(OWNER, worker))

    azure.who = azure.services.principals.by_object_id(pipeline)
    own = assignment()
    azure.made(own, grant(Role.STORAGE_BLOB_DATA_READER, worker))
    for role in (OWNER, Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR):
        refused(azure.put(assignment(), grant(role, pipeline)), 403, "AuthorizationFailed")
    refused(azure.delete(theirs), 403, "AuthorizationFailed")
    assert azure.delete(own).status_code in {200, 204}


def test_a_condition_that_is_not_understood_allows_nothing(azure: Azure):
    made = azure.made(f"{IDENTITIES}/pipeline", {"location": "westeurope"})
    pipeline = made["properties"]["principalId"]
    delegate = grant(
        Role.ROLE_BASED_ACCESS_CONTROL_ADMINISTRATOR,
        pipeline,
        condition="@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:a] StringEquals 'b'",
        conditionVersion="2.0",
    )
    azure.made(assignment(), delegate)
    azure.who = azure.services.principals.by_object_id(pipeline)
    answer = azure.put(assignment(), grant(Role.READER, pipeline))
    refused(answer, 403, "AuthorizationFailed")
