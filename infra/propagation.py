"""Waits for new role grants: Azure takes minutes to let them work everywhere.

https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
"""

import asyncio

import pulumi

# Together ten minutes, Azure's documented longest delay.
PAUSES_SECONDS = (10, 20, 30, 60, 60, 60, 120, 120, 120)
_SIGNS = (
    "authorizationfailed",
    "authorizationpermissionmismatch",
    "does not have authorization",
    "does not have permission",
    "principalnotfound",
    "failed to acquire token for the identity",
)


def is_propagating(message: str, deployer_id: str) -> bool:
    """Say whether an error may go away by itself: an identity's grant that does not work yet.

    What the deployer may not do stays forbidden, so that error is not worth a wait.
    """
    text = message.lower()
    return deployer_id.lower() not in text and any(sign in text for sign in _SIGNS)


class Propagation:
    """An error hook for the resources that use grants made in the same run."""

    def __init__(self, deployer_id: str) -> None:
        self._deployer_id = deployer_id
        self._hook = pulumi.ErrorHook("wait-for-grants", self.retry)

    @property
    def hooks(self) -> pulumi.ResourceHookBinding:
        """What a resource takes as its option `hooks`."""
        return pulumi.ResourceHookBinding(on_error=[self._hook])

    async def retry(self, args: pulumi.ErrorHookArgs) -> bool:
        """Wait and say yes while the newest error looks like a grant on its way."""
        tries = len(args.errors)
        if tries > len(PAUSES_SECONDS) or not is_propagating(args.errors[0], self._deployer_id):
            return False
        pause = PAUSES_SECONDS[tries - 1]
        pulumi.log.info(f"{args.name}: a role grant does not work yet; next try in {pause} s")
        await asyncio.sleep(pause)
        return True
