"""Artifacts and logs of runs: where they lie, and addresses that open them for an hour."""

from typing import Any

from emulator.arm.behaviours import Services
from emulator.arm.errors import ArmError
from emulator.arm.store import Resource
from emulator.azureml import sas
from emulator.azureml.places import Place, Places
from emulator.azureml.uris import DatastorePath

Json = dict[str, Any]
RUNS = "ExperimentRun"


class Artifacts:
    """The artifact store of one workspace."""

    def __init__(self, services: Services, workspace: Resource) -> None:
        self.services, self.workspace = services, workspace
        self.places = Places(services.store, workspace["id"])

    def place(self, origin: str, container: str, path: str = "") -> Place:
        address = DatastorePath("workspaceartifactstore", f"{origin}/{container}/{path}")
        return self.places.locate(address.text())

    def logs(self, run: str) -> dict[str, str]:
        """The log files of a run, each with an address that needs no token."""
        found = {}
        for path in self._paths(RUNS, f"dcid.{run}"):
            if path.startswith(("user_logs/", "azureml-logs/", "logs/", "system_logs/")):
                found[path] = self.open_uri(RUNS, f"dcid.{run}", path)
        return found

    def listed(self, origin: str, container: str, under: str = "") -> Json:
        """The artifacts of a container, or those below a path."""
        paths = [
            p for p in self._paths(origin, container) if p == under or p.startswith(_folder(under))
        ]
        return {
            "value": [self._artifact(origin, container, p) for p in paths],
            "continuationToken": None,
        }

    def one(self, origin: str, container: str, path: str) -> Json:
        """One artifact, with an address to read it."""
        place = self.place(origin, container, path)
        if self.services.blobs.info(place.account, place.container, place.path) is None:
            msg = f"No artifact {path!r} in {origin}/{container}."
            raise ArmError(404, "UserError", msg, "path")
        return self._content(origin, container, path)

    def below(self, origin: str, container: str, under: str) -> Json:
        """Addresses of all artifacts below a path."""
        paths = [
            p for p in self._paths(origin, container) if p == under or p.startswith(_folder(under))
        ]
        return {
            "value": [self._content(origin, container, p) for p in paths],
            "continuationToken": None,
        }

    def announce(self, origin: str, container: str, paths: list[str]) -> Json:
        """Addresses to which new artifacts can be written."""
        if not paths or any(not p or ".." in p.split("/") or p.startswith("/") for p in paths):
            msg = f"The paths {paths} are not relative paths of files."
            raise ArmError(400, "UserError", msg, "paths")
        return {
            "artifacts": {p: self._artifact(origin, container, p) for p in paths},
            "artifactContentInformation": {
                p: self._content(origin, container, p, permissions="rcw") for p in paths
            },
            "errors": {},
        }

    def open_uri(self, origin: str, container: str, path: str, permissions: str = "r") -> str:
        """The address of one artifact with a signature."""
        place = self.place(origin, container, path)
        token = sas.delegated(
            self.services,
            self.workspace,
            (place.account, place.container, place.path),
            permissions,
        )
        return f"{place.text()}?{token}"

    def _paths(self, origin: str, container: str) -> list[str]:
        base = self.place(origin, container)
        found = self.services.blobs.list(base.account, base.container, base.path)
        return [blob.name[len(base.path) :] for blob in found]

    def _artifact(self, origin: str, container: str, path: str) -> Json:
        return {
            "artifactId": f"{origin}/{container}/{path}",
            "origin": origin,
            "container": container,
            "path": path,
            "dataPath": {
                "dataStoreName": "workspaceartifactstore",
                "relativePath": f"{origin}/{container}/{path}",
            },
        }

    def _content(self, origin: str, container: str, path: str, permissions: str = "r") -> Json:
        uri = self.open_uri(origin, container, path, permissions)
        return {"contentUri": uri, "origin": origin, "container": container, "path": path}


def _folder(path: str) -> str:
    return f"{path.rstrip('/')}/" if path else ""
