"""Who runs the program, and in which subscription."""

from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization

from infra.settings import PrincipalKind
from infra.wording import listed

# `az login` as a person signs in through the CLI's own application, the same in every tenant.
_AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
_FIX = "fix: sign in (`az login`) and choose a subscription (`az account set`), then run again"


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """The account that the provider signed in with."""

    subscription_id: str
    tenant_id: str
    object_id: str
    kind: PrincipalKind


def current() -> Deployer:
    """Ask the provider, which answers in a preview too: names depend on the subscription.

    Raises:
        pulumi.RunError: nobody is signed in, or to no subscription.
    """
    try:
        client = authorization.get_client_config()
    except Exception as error:  # the SDK raises no narrower one for a failed call
        raise pulumi.RunError(f"cannot tell who is signed in to Azure: {error}; {_FIX}") from error
    found = {
        "subscription": client.subscription_id,
        "tenant": client.tenant_id,
        "object id": client.object_id,
    }
    missing = [what for what, value in found.items() if not value]
    if missing:
        raise pulumi.RunError(f"signed in to Azure without a {listed(missing)}; {_FIX}")
    user = client.client_id in {_AZURE_CLI, "", None}
    return Deployer(
        subscription_id=client.subscription_id,
        tenant_id=client.tenant_id,
        object_id=client.object_id,
        kind=PrincipalKind.USER if user else PrincipalKind.SERVICE_PRINCIPAL,
    )
