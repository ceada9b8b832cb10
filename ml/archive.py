"""What a workspace keeps of the past: versions, their bytes, and what jobs wrote."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml.errors import PlatformError
from ml.refusals import explained
from ml.workspace import RegisteredModel, Workspace

if TYPE_CHECKING:
    from azure.ai.ml.entities import Data, Environment

MANY = 1000


@dataclass(frozen=True)
class Archive:
    """Reads what is there and changes nothing; what is gone is None where that is an answer."""

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

    def output(self, job: str, name: str, file: str, folder: Path) -> bytes:
        """Download an output of a pipeline's job and return one of its files."""
        what = f"output {name} of job {job}"
        with explained(self.workspace.place, what):
            self.workspace.client.jobs.download(job, output_name=name, download_path=folder)
        found = sorted(folder.rglob(file), key=lambda path: len(path.parts))
        if not found:
            raise PlatformError(f"{what} holds no {file}: it was deleted; run the job again")
        return found[0].read_bytes()

    def data(self, name: str, version: str) -> "Data | None":
        """Return a version of a data asset."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  takes seconds

        with explained(self.workspace.place):
            try:
                return self.workspace.client.data.get(name, version=version)
            except ResourceNotFoundError:
                return None

    def environment(self, name: str, version: str) -> "Environment | None":
        """Return a version of an environment."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  takes seconds

        with explained(self.workspace.place):
            try:
                return self.workspace.client.environments.get(name, version=version)
            except ResourceNotFoundError:
                return None
