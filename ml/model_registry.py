"""The Azure ML registry through which models go from one environment to the next."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ml.errors import PlatformError
from ml.place import Place
from ml.refusals import explained
from ml.workspace import RegisteredModel, Workspace, credential, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.ai.ml import MLClient


@dataclass(frozen=True)
class ModelRegistry:
    """A registry by its name, reached with the rights of who is signed in."""

    name: str
    place: Place
    connect: "Callable[[str], MLClient]" = field(default_factory=lambda: _connect)

    @cached_property
    def client(self) -> "MLClient":
        """The client, made when it is first needed."""
        return self.connect(self.name)

    def has(self, model: str, version: str) -> bool:
        """Say whether it holds a version."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  takes seconds

        with explained(self.place, f"registry {self.name}"):
            try:
                self.client.models.get(model, version=version)
            except ResourceNotFoundError:
                return False
        return True

    def share(self, source: Workspace, model: RegisteredModel, version: str) -> None:
        """Copy a workspace's version into the registry, service to service."""
        with explained(self.place, f"registry {self.name}"), plain():
            source.client.models.share(
                model.name,
                model.version,
                share_with_name=model.name,
                share_with_version=version,
                registry_name=self.name,
            )

    def download(self, model: str, version: str, folder: Path) -> Path:
        """Return the folder that holds a version's MLmodel."""
        what = f"model {model}:{version} of registry {self.name}"
        with explained(self.place, what):
            self.client.models.download(model, version=version, download_path=folder)
        found = sorted(folder.rglob("MLmodel"), key=lambda path: len(path.parts))
        if not found:
            raise PlatformError(f"the files of {what} hold no MLmodel; share the model again")
        return found[0].parent


def _connect(name: str) -> "MLClient":
    from azure.ai.ml import MLClient  # noqa: PLC0415  takes seconds

    return MLClient(credential(), registry_name=name, enable_telemetry=False, show_progress=False)
