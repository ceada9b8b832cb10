"""The stacks of a checkout, read from their files as the engine would hand them to the program."""

import json
from pathlib import Path

import yaml

from infra.config import parse
from infra.settings import Settings

ROOT = Path(__file__).parents[1]


def stacks(root: Path = ROOT) -> list[str]:
    """The stacks that have a file."""
    return sorted(file.name.split(".")[1] for file in root.glob("Pulumi.*.yaml"))


def config_of(stack: str, root: Path = ROOT) -> dict[str, str]:
    """What a stack sets, over what the project declares, as text."""
    project = _read(root / "Pulumi.yaml")
    declared = {
        f"{project['name']}:{key}": _text(entry["default"])
        for key, entry in project["config"].items()
    }
    given = _read(root / f"Pulumi.{stack}.yaml").get("config", {})
    return {**declared, **{key: _text(value) for key, value in given.items()}}


def settings_of(stack: str, root: Path = ROOT) -> Settings:
    """The settings of a stack."""
    name = str(_read(root / "Pulumi.yaml")["name"])
    return parse(config_of(stack, root), project=name, stack=stack)


def _read(file: Path) -> dict:
    return yaml.safe_load(file.read_text()) or {}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
