"""Where the addresses of a workspace lie in its storage accounts."""

from dataclasses import dataclass, replace

from emulator.arm.store import Store
from emulator.azureml import uris
from emulator.azureml.runs import Runs
from emulator.azureml.text import NAMESPACE, epoch
from emulator.blob.storage import BlobStorage


class PlaceError(ValueError):
    """An address that leads nowhere, with what is missing."""


@dataclass(frozen=True)
class Place:
    """A file or folder in a container, and the credential that the datastore keeps for it."""

    account: str
    container: str
    path: str
    credential: str = "None"
    datastore: str = ""

    def exists(self, blobs: BlobStorage) -> bool:
        """Whether anything is there, as a file or below it as a folder."""
        if (
            self.path
            and blobs.info(self.account, self.container, self.path.rstrip("/")) is not None
        ):
            return True
        prefix = self.path.rstrip("/") + "/" if self.path else ""
        return bool(blobs.list(self.account, self.container, prefix))

    def child(self, path: str) -> "Place":
        return replace(self, path=f"{self.path.rstrip('/')}/{path}".strip("/")) if path else self

    def text(self) -> str:
        return f"https://{self.account}.blob.core.windows.net/{self.container}/{self.path}"


class Places:
    """Finds places for one workspace."""

    def __init__(self, store: Store, workspace_id: str) -> None:
        self.store, self.workspace = store, workspace_id

    def locate(self, uri: str) -> Place:
        """The place of any address that jobs and assets use."""
        try:
            address = uris.parse(uri)
        except ValueError as error:
            raise PlaceError(str(error)) from error
        match address:
            case uris.DatastorePath():
                return self._in_datastore(address)
            case uris.JobOutput():
                return self._in_datastore(self.datastore_path(address))
            case uris.BlobPath(account, container, path):
                return Place(account, container, path)
            case uris.AssetVersion():
                place = self.locate(self._asset_uri(uri, address))
                # the service opens the stores of registries itself
                return replace(place, credential="Sas") if address.registry else place

    def datastore_path(self, address: uris.JobOutput) -> uris.DatastorePath:
        """Where a job's output lies; of a pipeline or of one of its steps."""
        run = Runs(self.store).get(self.workspace, address.job)
        if run is None:
            msg = (
                f"no job {address.job!r} in the workspace, so its output {address.output!r} cannot"
                " be used"
            )
            raise PlaceError(msg)
        if address.output in ("artifacts", "default"):
            base = uris.DatastorePath("workspaceartifactstore", f"ExperimentRun/dcid.{run.name}/")
        else:
            known = {name: made for name, made in run.outputs.items() if made.get("uri")}
            if address.output not in known:
                has = ", ".join(known) or "none"
                msg = (
                    f"job {run.name!r} ({run.status}) has no output {address.output!r}; it has:"
                    f" {has}"
                )
                raise PlaceError(msg)
            found = uris.parse(known[address.output]["uri"])
            if not isinstance(found, uris.DatastorePath):
                msg = (
                    f"output {address.output!r} of job {run.name!r} lies outside the workspace's"
                    " datastores"
                )
                raise PlaceError(msg)
            base = found
        tail = f"{base.path.rstrip('/')}/{address.path}" if address.path else base.path
        return uris.DatastorePath(base.datastore, tail)

    def artifacts(self, run: str, path: str = "") -> Place:
        """Where logs and artifacts of a run lie."""
        return self._in_datastore(
            uris.DatastorePath("workspaceartifactstore", f"ExperimentRun/dcid.{run}/{path}")
        )

    def _in_datastore(self, address: uris.DatastorePath) -> Place:
        found = self.store.get(f"{self.workspace}/datastores/{address.datastore}")
        if found is None:
            have = ", ".join(d["name"] for d in self.store.children(self.workspace, "datastores"))
            msg = f"no datastore {address.datastore!r} in the workspace; it has: {have or 'none'}"
            raise PlaceError(msg)
        properties = found["properties"]
        container = properties.get("containerName") or properties.get("filesystem")
        if properties["datastoreType"] not in ("AzureBlob", "AzureDataLakeGen2") or not container:
            msg = (
                f"datastore {address.datastore!r} is of type {properties['datastoreType']}; only"
                " blob storage is read and written"
            )
            raise PlaceError(msg)
        credential = (properties.get("credentials") or {}).get("credentialsType", "None")
        return Place(
            properties["accountName"], container, address.path, credential, address.datastore
        )

    def _asset_uri(self, uri: str, address: uris.AssetVersion) -> str:
        kinds = (address.kind,) if address.kind else ("data", "models")
        above = self.workspace
        if address.registry:
            registries = self.store.find(f"{NAMESPACE}/registries", address.registry)
            above = registries[0]["id"] if registries else ""
        for kind in kinds:
            base = f"{above}/{kind}/{address.name}"
            found = (
                self.store.get(f"{base}/versions/{address.version}")
                if address.version
                else latest(self.store.children(base, "versions"))
            )
            if found is not None:
                properties = found["properties"]
                return str(
                    properties.get("dataUri")
                    or properties.get("modelUri")
                    or properties.get("codeUri")
                )
        where = f"registry {address.registry!r}" if address.registry else "the workspace"
        msg = f"no data or model {uri!r} in {where}"
        raise PlaceError(msg)


def latest(versions: list[dict]) -> dict | None:
    """The version that the label `latest` means: the one made last."""
    return max(versions, key=made, default=None)


def made(version: dict) -> tuple[float, float]:
    """A key that orders versions by when they were made; numbers break ties."""
    name = version["name"]
    return epoch((version.get("systemData") or {}).get("createdAt")), (
        float(name) if name.isdigit() else 0.0
    )
