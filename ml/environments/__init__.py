"""The environment that steps run in: generated from the lock, versioned by its content."""

import hashlib
import re
from pathlib import Path

import yaml

from ml.errors import TaskError

HERE = Path(__file__).parent
NAME = "mlops-steps"
# A dated tag of Microsoft's base image: `latest` would change under a version that does not.
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20250601.v1"
# The lock holds for both; its markers choose. The local machine's Python need not be one of them.
PYTHON = "python>=3.11,<3.13"
DEFINITION, CONDA = HERE / "steps.yaml", HERE / "steps.conda.yaml"
COMPONENTS = HERE.parent / "components"
PIN = re.compile(r"^(?P<pin>[A-Za-z0-9][^\\#]*==[^\\#]+?)\s*\\?$")
REFERENCE = re.compile(r"^environment: .*$", re.MULTILINE)


def reference() -> str:
    """Return how components name the environment."""
    found = yaml.safe_load(DEFINITION.read_text(encoding="utf-8"))
    return f"azureml:{found['name']}:{found['version']}"


def generated(lock: str, components: dict[str, str]) -> dict[Path, str]:
    """Return every generated file with its text, from a lock that uv wrote."""
    pins = [found["pin"].strip() for line in lock.splitlines() if (found := PIN.match(line))]
    if not pins:
        raise TaskError("the lock holds no line such as numpy==2.4.6; run `make lock`")
    head = "# Generated from requirements/steps.txt by `python -m ml.environments`; do not edit.\n"
    conda = head + yaml.safe_dump(
        {
            "name": NAME,
            "channels": ["conda-forge"],
            "dependencies": [PYTHON, "pip", {"pip": pins}],
        },
        sort_keys=False,
        width=200,
    )
    version = hashlib.sha256(f"{IMAGE}\n{conda}".encode()).hexdigest()[:12]
    definition = head + yaml.safe_dump(
        {
            "$schema": "https://azuremlschemas.azureedge.net/latest/environment.schema.json",
            "name": NAME,
            "version": version,
            "description": "What pipeline steps run on.",
            "image": IMAGE,
            "conda_file": CONDA.name,
        },
        sort_keys=False,
    )
    line = f"environment: azureml:{NAME}:{version}"
    return {CONDA: conda, DEFINITION: definition} | {
        COMPONENTS / name: REFERENCE.sub(line, text) for name, text in components.items()
    }
