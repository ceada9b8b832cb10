"""Whom alerts reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import monitor

from infra.naming import Kind, Names

# The built-in role of a subscription's owners: e-mailed here, granted nowhere.
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_LONGEST_SHORT_NAME = 12


@dataclass(frozen=True, kw_only=True)
class RecipientsArgs:
    """What `Recipients` take from the rest of the platform."""

    names: Names
    resource_group_name: Input[str]
    emails: Sequence[str]


class Recipients(ComponentResource):
    """An action group that always reaches somebody."""

    action_group_id: Output[str]

    def __init__(
        self, name: str, args: RecipientsArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:monitoring:Recipients", name, None, opts)
        short_name = f"{args.names.workload}-{args.names.environment}"
        owners: monitor.ArmRoleReceiverArgsDict = {
            "name": "owners",
            "role_id": _OWNER,
            "use_common_alert_schema": True,
        }
        group = monitor.ActionGroup(
            name,
            action_group_name=args.names.of(Kind.ACTION_GROUP),
            # Begins each message.
            group_short_name=short_name[:_LONGEST_SHORT_NAME],
            location="global",
            resource_group_name=args.resource_group_name,
            enabled=True,
            email_receivers=[
                {"name": address, "email_address": address, "use_common_alert_schema": True}
                for address in args.emails
            ],
            # An alert that reaches nobody is worse than none: without addresses the owners hear it.
            arm_role_receivers=[] if args.emails else [owners],
            opts=ResourceOptions(parent=self),
        )
        self.action_group_id = group.id
        self.register_outputs({"action_group_id": self.action_group_id})
