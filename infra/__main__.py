"""The program that the engine runs: from a stack's settings to its platform and its outputs."""

import pulumi

from infra import config, deployer
from infra.tags import stack_tags, tagging
from infra.topology import Platform


def main() -> None:
    """Build the platform of the stack."""
    settings = config.read()
    project = pulumi.get_project()
    pulumi.runtime.register_stack_transformation(tagging(stack_tags(settings, project)))
    platform = Platform(settings, deployer.current(), project)
    for name, value in platform.outputs.items():
        pulumi.export(name, value)


if __name__ == "__main__":
    main()
