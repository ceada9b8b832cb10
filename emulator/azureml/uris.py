"""What the addresses of Azure ML mean: datastore paths, job outputs, assets, blobs."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

_DATASTORE = re.compile(
    r"^azureml:(?://|/)?(?:.*/)?datastores/(?P<name>[^/]+)/paths(?:/(?P<path>.*))?$", re.IGNORECASE
)
_JOB_OUTPUT = re.compile(
    r"^azureml:(?://|/)?(?:.*/)?jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths(?:/(?P<path>.*))?)?$",
    re.IGNORECASE,
)
_ASSET_ID = re.compile(
    r"^(?:azureml:/*)?(?P<prefix>.*?)/?(?P<kind>data|models|environments|components|codes)"
    r"/(?P<name>[^/]+)/versions/(?P<version>[^/]+)$",
    re.IGNORECASE,
)
_SHORT = re.compile(r"^azureml:(?P<name>[^:/@]+)(?::(?P<version>[^:/@]+)|@(?P<label>[^:/@]+))$")
_REGISTRY = re.compile(
    r"^azureml://registries/(?P<registry>[^/]+)/(?P<kind>data|models|environments|components)"
    r"/(?P<name>[^/]+)/(?P<way>versions|labels)/(?P<value>[^/]+)$",
    re.IGNORECASE,
)
_WASB = re.compile(
    r"^(?:wasbs?|abfss?)://(?P<container>[^@/]+)@(?P<account>[^./]+)\.(?:blob|dfs)\.[^/]+(?:/(?P<path>.*))?$",
    re.IGNORECASE,
)
_BLOB_HOST = re.compile(
    r"^(?P<account>[a-z0-9]{3,24})\.(?:blob|dfs)\.core\.windows\.net$", re.IGNORECASE
)


@dataclass(frozen=True)
class DatastorePath:
    """A path below a datastore of the workspace."""

    datastore: str
    path: str

    def text(self) -> str:
        return f"azureml://datastores/{self.datastore}/paths/{self.path}"


@dataclass(frozen=True)
class JobOutput:
    """A named output of a job of the workspace, or a path in it."""

    job: str
    output: str
    path: str = ""


@dataclass(frozen=True)
class AssetVersion:
    """A version of an asset of the workspace or of a registry.

    `kind` is empty where the address does not say it.
    """

    kind: str
    name: str
    version: str = ""
    label: str = ""
    registry: str = ""


@dataclass(frozen=True)
class BlobPath:
    """A blob or a folder of blobs, named by account and container."""

    account: str
    container: str
    path: str


Address = DatastorePath | JobOutput | AssetVersion | BlobPath


def parse(uri: str) -> Address:
    """Say what `uri` names; ValueError with the accepted forms otherwise."""
    if found := _REGISTRY.match(uri):
        version = {"versions": "version", "labels": "label"}[found["way"].lower()]
        value = {version: found["value"]}
        kind = found["kind"].lower()
        return AssetVersion(kind, found["name"], registry=found["registry"], **value)
    if found := _DATASTORE.match(uri):
        return DatastorePath(found["name"], found["path"] or "")
    if found := _JOB_OUTPUT.match(uri):
        return JobOutput(found["job"], found["output"], found["path"] or "")
    if found := _WASB.match(uri):
        return BlobPath(found["account"], found["container"], found["path"] or "")
    if uri.startswith("https://"):
        return _blob(uri)
    if found := _SHORT.match(uri):
        return AssetVersion("", found["name"], found["version"] or "", found["label"] or "")
    if found := _ASSET_ID.match(uri):
        return AssetVersion(found["kind"].lower(), found["name"], found["version"])
    msg = (
        f"{uri!r} is not an address that Azure ML resolves; give"
        " azureml://datastores/NAME/paths/PATH, azureml://jobs/JOB/outputs/NAME,"
        " azureml:NAME:VERSION, the id of a data or model version, or"
        " https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH"
    )
    raise ValueError(msg)


def _blob(uri: str) -> BlobPath:
    parts = urlsplit(uri)
    host = _BLOB_HOST.match(parts.hostname or "")
    container, _, path = unquote(parts.path).lstrip("/").partition("/")
    if host is None or not container:
        msg = (
            f"{uri!r} is not a blob address; give"
            " https://ACCOUNT.blob.core.windows.net/CONTAINER/PATH"
        )
        raise ValueError(msg)
    return BlobPath(host["account"], container, path)


def long_datastore_uri(workspace_id: str, path: DatastorePath) -> str:
    """The full form of a datastore path, as the service answers it."""
    _, _, subscription, _, group, _, _, _, workspace = workspace_id.split("/")[:9]
    return (
        f"azureml://subscriptions/{subscription}/resourcegroups/{group}/workspaces/{workspace}"
        f"/datastores/{path.datastore}/paths/{path.path}"
    )
