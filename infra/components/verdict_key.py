"""The key that signs verdicts on models; it is made in its vault and never leaves it."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import keyvault

KEY = "verdicts"
_ROTATION_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class VerdictKeyArgs:
    """What a `VerdictKey` takes from the rest of the stamp."""

    vault_name: Input[str]
    resource_group_name: Input[str]
    hardware: bool
    """Keep it in hardware, which needs a premium vault."""


class VerdictKey(ComponentResource):
    """An elliptic-curve key (P-256, ES256) that signs and verifies, and does nothing else."""

    key_id: Output[str]
    """Its id in ARM, on which roles are granted."""
    key_uri: Output[str]
    """Its address without a version, so that a rotated key signs next."""

    def __init__(
        self, name: str, args: VerdictKeyArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:security:VerdictKey", name, None, opts)
        kinds = keyvault.JsonWebKeyType
        key = keyvault.Key(
            name,
            key_name=KEY,
            vault_name=args.vault_name,
            resource_group_name=args.resource_group_name,
            properties={
                "kty": kinds.E_C_HSM if args.hardware else kinds.EC,
                "curve_name": keyvault.JsonWebKeyCurveName.P_256,
                "key_ops": [
                    keyvault.JsonWebKeyOperation.SIGN,
                    keyvault.JsonWebKeyOperation.VERIFY,
                ],
                "attributes": {"enabled": True, "exportable": False},
                "rotation_policy": {
                    # An old version signs nothing any more; its public half still checks.
                    "attributes": {"expiry_time": f"P{2 * _ROTATION_DAYS}D"},
                    "lifetime_actions": [
                        {
                            "action": {"type": keyvault.KeyRotationPolicyActionType.ROTATE},
                            "trigger": {"time_after_create": f"P{_ROTATION_DAYS}D"},
                        }
                    ],
                },
            },
            # ARM cannot delete a key: it goes with its vault, and can be brought back with it.
            opts=ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.key_id = key.id
        self.key_uri = key.key_uri
        self.register_outputs({"key_uri": self.key_uri})
