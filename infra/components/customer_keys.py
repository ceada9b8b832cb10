"""Keys of our own for what is stored: a vault for them alone, and the identity that uses them."""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_azure_native import keyvault

# RSA 3072 is the least that NIST SP 800-57 recommends beyond 2030.
_KEY_BITS = 3072


@dataclass(frozen=True, kw_only=True)
class CustomerKey:
    """A key, the vault that holds it and the identity that may wrap and unwrap with it."""

    vault_id: Input[str]
    vault_uri: Input[str]
    name: Input[str]
    uri: Input[str]
    """Without a version, so that a rotated key is taken up."""
    identity_id: Input[str]
    identity_client_id: Input[str]


@dataclass(frozen=True, kw_only=True)
class EncryptionKeyArgs:
    """What an `EncryptionKey` takes from the rest of the stamp."""

    vault_name: Input[str]
    resource_group_name: Input[str]
    rotation_days: int


class EncryptionKey(ComponentResource):
    """A key that the vault renews by itself and that never leaves it."""

    key_name: Output[str]
    key_uri: Output[str]

    def __init__(
        self, name: str, args: EncryptionKeyArgs, opts: ResourceOptions | None = None
    ) -> None:
        super().__init__("mlops:security:EncryptionKey", name, None, opts)
        key = keyvault.Key(
            name,
            key_name="data",
            vault_name=args.vault_name,
            resource_group_name=args.resource_group_name,
            properties={
                "kty": keyvault.JsonWebKeyType.RS_A_HSM,
                "key_size": _KEY_BITS,
                "key_ops": [
                    keyvault.JsonWebKeyOperation.WRAP_KEY,
                    keyvault.JsonWebKeyOperation.UNWRAP_KEY,
                ],
                "attributes": {"enabled": True, "exportable": False},
                "rotation_policy": {
                    # Old versions keep working for one more period: data is wrapped anew in time.
                    "attributes": {"expiry_time": f"P{2 * args.rotation_days}D"},
                    "lifetime_actions": [
                        {
                            "action": {"type": keyvault.KeyRotationPolicyActionType.ROTATE},
                            "trigger": {"time_after_create": f"P{args.rotation_days}D"},
                        }
                    ],
                },
            },
            # ARM cannot delete a key: it goes with its vault, and can be brought back with it.
            opts=ResourceOptions(parent=self, retain_on_delete=True),
        )
        self.key_name = key.name
        self.key_uri = key.key_uri
        self.register_outputs({"key_uri": self.key_uri})
