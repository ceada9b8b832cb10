"""The policy pack that the engine starts with `--policy-pack policies`."""

import os

from pulumi_policy import EnforcementLevel, PolicyPack

from policies.engine.pack import to_policies
from policies.rules import RULES


def main() -> None:
    """Serve the rules; `PolicyPack` starts a server and does not return."""
    PolicyPack(
        "azure-mlops",
        policies=to_policies(RULES, stack=os.environ.get("PULUMI_STACK", "")),
        # Each policy has a level of its own; this is for none.
        enforcement_level=EnforcementLevel.ADVISORY,
        display_name="Machine learning on Azure",
        provider="azure-native",
    )


if __name__ == "__main__":
    main()
