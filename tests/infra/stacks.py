"""The stacks of this repository, as the engine would hand their config to the program."""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PROJECT = "azure-mlops"
STACKS = ("dev", "staging", "prod")


def project_file() -> dict:
    return yaml.safe_load((ROOT / "Pulumi.yaml").read_text())


def project_defaults() -> dict[str, str]:
    declared = project_file()["config"]
    return {f"{PROJECT}:{key}": _text(entry["default"]) for key, entry in declared.items()}


def stack_config(stack: str) -> dict[str, str]:
    """The config of a stack: what its file sets over what the project declares."""
    given = yaml.safe_load((ROOT / f"Pulumi.{stack}.yaml").read_text())["config"]
    return {**project_defaults(), **{key: _text(value) for key, value in given.items()}}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
