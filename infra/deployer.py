"""Who runs the program, and in which subscription."""

from dataclasses import dataclass

from pulumi_azure_native import authorization

from infra.settings import PrincipalKind

# `az login` as a person signs in through the CLI's own application, the same in every tenant.
_AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """The account that the provider signed in with."""

    subscription_id: str
    tenant_id: str
    object_id: str
    kind: PrincipalKind


def current() -> Deployer:
    """Ask the provider, which answers in a preview too: names depend on the subscription."""
    client = authorization.get_client_config()
    user = client.client_id in {_AZURE_CLI, ""}
    return Deployer(
        subscription_id=client.subscription_id,
        tenant_id=client.tenant_id,
        object_id=client.object_id,
        kind=PrincipalKind.USER if user else PrincipalKind.SERVICE_PRINCIPAL,
    )
