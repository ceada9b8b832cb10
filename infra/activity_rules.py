"""What people and Azure do that somebody should know of."""

from infra.components.alerts import ActivityRule

_DONE = {"category": ["Administrative"], "status": ["Succeeded"]}
# https://learn.microsoft.com/azure/azure-monitor/platform/activity-log-schema
ACTIVITY_RULES = (
    ActivityRule(
        name="service-health",
        words="Azure reports a problem of a service.",
        conditions={"category": ["ServiceHealth"]},
        everywhere=True,
    ),
    ActivityRule(
        name="resource-health",
        words="Azure reports that a resource is not healthy.",
        conditions={
            "category": ["ResourceHealth"],
            "properties.currentHealthStatus": ["Degraded", "Unavailable"],
        },
    ),
    ActivityRule(
        name="role-granted",
        words="Somebody granted a role.",
        conditions={**_DONE, "operationName": ["Microsoft.Authorization/roleAssignments/write"]},
    ),
    ActivityRule(
        name="policy-denied",
        words="A policy refused a change.",
        conditions={
            "category": ["Policy"],
            "operationName": ["Microsoft.Authorization/policies/deny/action"],
        },
    ),
    ActivityRule(
        name="vault-deleted",
        words="Somebody deleted a key vault.",
        conditions={**_DONE, "operationName": ["Microsoft.KeyVault/vaults/delete"]},
    ),
    ActivityRule(
        name="lock-deleted",
        words="Somebody took a lock away.",
        conditions={**_DONE, "operationName": ["Microsoft.Authorization/locks/delete"]},
    ),
    ActivityRule(
        name="guard-changed",
        words="Somebody changed what guards the subscription: a policy, a way in, or Defender.",
        conditions={
            **_DONE,
            "resourceType": [
                "Microsoft.Authorization/policyAssignments",
                "Microsoft.Network/networkSecurityGroups",
                "Microsoft.Network/publicIPAddresses",
                "Microsoft.Security/securitySolutions",
            ],
        },
        everywhere=True,
    ),
)
