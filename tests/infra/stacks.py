"""The stacks of this repository, for tests."""

import shutil
from pathlib import Path

import yaml

from infra import stack_files

PROJECT = "azure-mlops"
STACKS = ("dev", "staging", "prod")
stack_config = stack_files.config_of


def project_file() -> dict:
    return yaml.safe_load((stack_files.ROOT / "Pulumi.yaml").read_text())


def project_defaults(folder: Path) -> dict[str, str]:
    """The config of a stack that sets nothing."""
    shutil.copy(stack_files.ROOT / "Pulumi.yaml", folder)
    (folder / "Pulumi.empty.yaml").write_text("config: {}\n")
    return stack_config("empty", folder)


def wide(hub: str) -> dict[str, dict]:
    """Return the settings of a stack with every option, peered with a hub's network."""
    settings = yaml.safe_load((Path(__file__).parent / "wide.yaml").read_text())
    settings["network"]["hub"] = hub
    return settings
