"""What a workspace keeps of the past: versions and their bytes."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.errors import PlatformError
from ml.refusals import explained
from ml.workspace import RegisteredModel, Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import Environment

MANY = 1000


@dataclass(frozen=True)
class Archive:
    """Reads what is there and changes nothing."""

    workspace: Workspace

    def model(self, reference: str) -> RegisteredModel:
        """Return NAME:VERSION, or the newest version of NAME."""
        name, _, version = reference.partition(":")
        known = self.workspace.models(name, limit=MANY)
        for each in known:
            if version in {"", each.version}:
                return each
        there = ", ".join(each.version for each in known[:10])
        said = f"its versions are {there}" if known else "`mlops models` lists what there is"
        raise PlatformError(f"model {reference} is not in this workspace; {said}")

    def model_folder(self, model: RegisteredModel, folder: Path) -> Path:
        """Download a version and return the folder that holds its MLmodel."""
        what = f"model {model.name}:{model.version}"
        with explained(self.workspace.place, what):
            self.workspace.client.models.download(
                model.name, version=model.version, download_path=folder
            )
        found = sorted(folder.rglob("MLmodel"), key=lambda path: len(path.parts))
        if not found:
            raise PlatformError(
                f"the files of {what} hold no MLmodel: they were deleted or replaced in the "
                "storage account; register the model again"
            )
        return found[0].parent

    def data_files(self, name: str, version: str, folder: Path) -> Path:
        """Download a version of a data asset and return the folder that holds its files."""
        # the way that Microsoft's pages on data assets show; there is no public one
        from azure.ai.ml._artifacts._artifact_utilities import (  # noqa: PLC0415  takes seconds
            download_artifact_from_aml_uri,
        )

        with explained(self.workspace.place, f"data {name}:{version}"):
            found = self.workspace.client.data.get(name, version=version)
            download_artifact_from_aml_uri(
                str(found.path), str(folder), self.workspace.client.datastores
            )
        return folder

    def environment(self, name: str, version: str) -> "Environment":
        """Return a version of an environment."""
        with explained(self.workspace.place, f"environment {name}:{version}"):
            return self.workspace.client.environments.get(name, version=version)
