"""Built-in rules of Azure Policy on a whole subscription: they see what no stack has made."""

from dataclasses import dataclass

from pulumi import ComponentResource, ResourceOptions
from pulumi_azure_native import authorization


@dataclass(frozen=True)
class BuiltIn:
    """A built-in policy definition."""

    definition: str
    words: str
    can_deny: bool = True
    """Whether its effect can be Deny; the others only ever report."""


# https://github.com/Azure/azure-policy/tree/master/built-in-policies/policyDefinitions
# Left out on purpose: e413671a (wants the workspace's legacy mode, without which managed endpoints
# exist), 6ddb1705 (its default demands a managed network that is off), and all that change or
# deploy resources by themselves (the platform's program does that, and would undo it).
BUILT_INS: dict[str, BuiltIn] = {
    "ml-no-public-network": BuiltIn(
        "438c38d2-3772-465a-a9cc-7a6666a275ce", "workspaces are off the public network"
    ),
    "ml-private-link": BuiltIn(
        "45e05259-1eb5-4f70-9574-baf73e9d219b", "workspaces use private link", can_deny=False
    ),
    "ml-user-assigned-identity": BuiltIn(
        "5f0c7d88-c7de-45b8-ac49-db49e72eaa78", "workspaces use a user-assigned identity"
    ),
    "ml-compute-no-local-auth": BuiltIn(
        "e96a9a5f-07ca-471b-9bc5-6a0f33cbd68f", "computes take no local accounts"
    ),
    "ml-compute-in-network": BuiltIn(
        "7804b5c7-01dc-4723-969b-ae300cc07ff1", "computes are in a network", can_deny=False
    ),
    "ml-instance-idle-shutdown": BuiltIn(
        "679ddf89-ab8f-48a5-9029-e76054077449", "compute instances stop when idle"
    ),
    "ml-instance-recreated": BuiltIn(
        "f110a506-2dcb-422e-bcea-d533fc8c35e2", "compute instances are up to date", can_deny=False
    ),
    "ml-resource-logs": BuiltIn(
        "afe0c3be-ba3b-4544-ba52-0c99672a8ad6", "workspaces keep their logs", can_deny=False
    ),
    "aks-private": BuiltIn("040732e8-d947-40b8-95d6-854c95024bf8", "clusters are private"),
    "aks-no-local-accounts": BuiltIn(
        "993c2fcd-2b29-49d2-9eb0-df2c3a730c32", "clusters take no local accounts"
    ),
    "aks-policy-add-on": BuiltIn(
        "0a15ec92-a229-4763-bb14-0ea34a568f8d", "clusters run the policy add-on", can_deny=False
    ),
    "aks-defender": BuiltIn(
        "a1840de2-8088-4ea8-b153-b4c723e9cb01", "clusters run Defender", can_deny=False
    ),
    "aks-no-command-invoke": BuiltIn(
        "89f2d532-c53c-4f8f-9afa-4927b1114a0d", "clusters take no remote commands", can_deny=False
    ),
    "storage-no-shared-key": BuiltIn(
        "8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54", "storage accounts take no keys"
    ),
    "storage-no-public-network": BuiltIn(
        "b2982f36-99f2-4db5-8eff-283140c09693", "storage accounts are off the public network"
    ),
    "storage-private-link": BuiltIn(
        "6edd7eda-6dd8-40f7-810d-67160c639cd9", "storage accounts use private link", can_deny=False
    ),
    "storage-no-public-blobs": BuiltIn(
        "4fa4b6c0-31ca-4c0d-b10d-24b96f62a751", "storage accounts have no anonymous blobs"
    ),
    "vault-no-public-network": BuiltIn(
        "405c5871-3e91-4644-8a63-58e19d68ff5b", "key vaults are off the public network"
    ),
    "vault-private-link": BuiltIn(
        "a6abeaec-4d90-4a02-805f-6b26c4d3fbe9", "key vaults use private link", can_deny=False
    ),
    "vault-roles": BuiltIn("12d4fa5e-1f9f-4c21-97a9-b99b3c6611b5", "key vaults open by roles"),
    "vault-purge-protection": BuiltIn(
        "0b60c0b2-2dc2-4e1c-b5c9-abbed971de53", "deleted key vaults can come back"
    ),
    "registry-no-admin": BuiltIn(
        "dc921057-6b28-4fbe-9b83-f7bec05db6c2", "container registries have no admin account"
    ),
    "registry-no-anonymous": BuiltIn(
        "9f2dea28-e834-476c-99c5-3507b4728395", "container registries ask who pulls"
    ),
    "registry-no-public-network": BuiltIn(
        "0fdf0491-d080-4575-b627-ad0e843cba0f", "container registries are off the public network"
    ),
    "registry-private-link": BuiltIn(
        "e8eef0a8-67cf-4eb4-9386-14b0e78733d4",
        "container registries use private link",
        can_deny=False,
    ),
    "factory-no-public-network": BuiltIn(
        "1cf164be-6819-4a50-b8fa-4bcaa4f98fb6", "data factories are off the public network"
    ),
}


@dataclass(frozen=True, kw_only=True)
class PolicyAssignmentsArgs:
    """What `PolicyAssignments` take from the rest of the platform."""

    subscription_id: str
    effect: str
    """Audit or Deny; rules that cannot deny keep the effect that they come with."""


class PolicyAssignments(ComponentResource):
    """The built-in rules that this platform keeps by itself, for everything beside it."""

    def __init__(
        self, name: str, args: PolicyAssignmentsArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:security:PolicyAssignments", name, None, opts)
        for rule, built_in in BUILT_INS.items():
            authorization.PolicyAssignment(
                f"{name}-{rule}",
                policy_assignment_name=f"mlops-{rule}",
                scope=f"/subscriptions/{args.subscription_id}",
                policy_definition_id=(
                    f"/providers/Microsoft.Authorization/policyDefinitions/{built_in.definition}"
                ),
                display_name=f"Machine-learning platform: {built_in.words}",
                enforcement_mode=authorization.EnforcementMode.DEFAULT,
                parameters={"effect": {"value": args.effect}} if built_in.can_deny else None,
                non_compliance_messages=[{"message": f"Here {built_in.words}."}],
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})
