"""The environments of steps and of serving: generated from their locks, versioned by content."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from ml.errors import TaskError

HERE = Path(__file__).parent
# The lock holds for both; its markers choose. The local machine's Python need not be one of them.
PYTHON = "python>=3.11,<3.13"
COMPONENTS = HERE.parent / "components"
PIN = re.compile(r"^(?P<pin>[A-Za-z0-9][^\\#]*==[^\\#]+?)\s*\\?$")
REFERENCE = re.compile(r"^( *)environment: azureml:.*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An environment of Azure ML; images have dated tags, for `latest` would change under it."""

    name: str
    lock: str
    description: str
    image: str

    @property
    def definition(self) -> Path:
        return HERE / f"{self.lock}.yaml"

    @property
    def conda(self) -> Path:
        return HERE / f"{self.lock}.conda.yaml"

    def generated(self, lock: str) -> dict[Path, str]:
        """Return both files with their text, from a lock that uv wrote."""
        pins = [found["pin"].strip() for line in lock.splitlines() if (found := PIN.match(line))]
        if not pins:
            raise TaskError(f"{self.lock}.txt holds no line such as numpy==2.4.6; run `make lock`")
        source = f"requirements/{self.lock}.txt"
        head = f"# Generated from {source} by `python -m ml.environments`; do not edit.\n"
        document: dict[str, object] = {
            "name": self.name,
            "channels": ["conda-forge"],
            "dependencies": [PYTHON, "pip", {"pip": pins}],
        }
        conda = head + yaml.safe_dump(document, sort_keys=False, width=200)
        definition = head + yaml.safe_dump(
            {
                "$schema": "https://azuremlschemas.azureedge.net/latest/environment.schema.json",
                "name": self.name,
                "version": self._version(conda),
                "description": self.description,
                "image": self.image,
                "conda_file": self.conda.name,
            },
            sort_keys=False,
        )
        return {self.conda: conda, self.definition: definition}

    def _version(self, conda: str) -> str:
        return hashlib.sha256(f"{self.image}\n{conda}".encode()).hexdigest()[:12]

    def reference(self) -> str:
        """Return how components and deployments name the environment."""
        found = yaml.safe_load(self.definition.read_text(encoding="utf-8"))
        return f"azureml:{found['name']}:{found['version']}"


STEPS = Environment(
    name="mlops-steps",
    lock="steps",
    description="What pipeline steps run on.",
    image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20250601.v1",
)
SERVING = Environment(
    name="mlops-serving",
    lock="serve",
    description="What models are served on.",
    image="mcr.microsoft.com/azureml/minimal-ubuntu22.04-py311-cpu-inference:20250601.v1",
)
DEFINITION, CONDA, NAME, IMAGE = STEPS.definition, STEPS.conda, STEPS.name, STEPS.image


def reference() -> str:
    """Return how components name the environment of steps."""
    return STEPS.reference()


def generated(lock: str, components: dict[str, str]) -> dict[Path, str]:
    """Return every file generated from the lock of the steps, with its text."""
    made = STEPS.generated(lock)
    version = yaml.safe_load(made[STEPS.definition])["version"]
    line = rf"\g<1>environment: azureml:{STEPS.name}:{version}"
    return made | {
        COMPONENTS / name: REFERENCE.sub(line, text) for name, text in components.items()
    }
