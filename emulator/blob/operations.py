"""What a request on the blob host wants to do, and what permission it needs for that."""

from dataclasses import dataclass
from enum import Enum

from starlette.requests import Request

from emulator.access.roles import BLOBS, CONTAINERS


class Level(Enum):
    """What an operation is on; the letter is what an account SAS names it by in `srt`."""

    SERVICE = "s"
    CONTAINER = "c"
    BLOB = "o"


@dataclass(frozen=True)
class Operation:
    """One API of the blob service.

    `action` is what a role must allow (on the data plane if `data`), `sas` the letters of which a
    shared access signature needs one.
    """

    name: str
    level: Level
    action: str
    sas: str
    data: bool = True
    reads: bool = False


def _container(name: str, verb: str, sas: str, *, reads: bool = False) -> Operation:
    return Operation(name, Level.CONTAINER, f"{CONTAINERS}/{verb}", sas, data=False, reads=reads)


def _blob(name: str, verb: str, sas: str, *, reads: bool = False) -> Operation:
    return Operation(name, Level.BLOB, f"{CONTAINERS}/blobs/{verb}", sas, reads=reads)


GET_KEY = Operation(
    "GetUserDelegationKey",
    Level.SERVICE,
    f"{BLOBS}/generateUserDelegationKey/action",
    "",
    data=False,
)
LIST_CONTAINERS = Operation(
    "ListContainers", Level.SERVICE, f"{CONTAINERS}/read", "l", data=False, reads=True
)
SERVICE_INFO = Operation("GetInfo", Level.SERVICE, f"{CONTAINERS}/read", "r", False, True)
CREATE_CONTAINER = _container("CreateContainer", "write", "cw")
DELETE_CONTAINER = _container("DeleteContainer", "delete", "d")
GET_CONTAINER = _container("GetContainerProperties", "read", "rl", reads=True)
SET_CONTAINER = _container("SetContainerMetadata", "write", "w")
LIST_BLOBS = Operation("ListBlobs", Level.CONTAINER, f"{CONTAINERS}/blobs/read", "l", reads=True)
GET_BLOB = _blob("GetBlob", "read", "r", reads=True)
PUT_BLOB = _blob("PutBlob", "write", "cw")
PUT_BLOCK = _blob("PutBlock", "write", "cw")
PUT_BLOCKS = _blob("PutBlockList", "write", "cw")
GET_BLOCKS = _blob("GetBlockList", "read", "r", reads=True)
APPEND = _blob("AppendBlock", "add/action", "aw")
SET_METADATA = _blob("SetBlobMetadata", "write", "w")
SET_HEADERS = _blob("SetBlobProperties", "write", "w")
COPY = _blob("CopyBlob", "write", "cw")
DELETE_BLOB = _blob("DeleteBlob", "delete", "d")

_BLOB = {
    ("GET", ""): GET_BLOB,
    ("HEAD", ""): GET_BLOB,
    ("GET", "metadata"): GET_BLOB,
    ("HEAD", "metadata"): GET_BLOB,
    ("GET", "blocklist"): GET_BLOCKS,
    ("PUT", ""): PUT_BLOB,
    ("PUT", "block"): PUT_BLOCK,
    ("PUT", "blocklist"): PUT_BLOCKS,
    ("PUT", "appendblock"): APPEND,
    ("PUT", "metadata"): SET_METADATA,
    ("PUT", "properties"): SET_HEADERS,
    ("DELETE", ""): DELETE_BLOB,
}
_CONTAINER = {
    ("PUT", ""): CREATE_CONTAINER,
    ("DELETE", ""): DELETE_CONTAINER,
    ("GET", ""): GET_CONTAINER,
    ("HEAD", ""): GET_CONTAINER,
    ("GET", "metadata"): GET_CONTAINER,
    ("HEAD", "metadata"): GET_CONTAINER,
    ("PUT", "metadata"): SET_CONTAINER,
    ("GET", "list"): LIST_BLOBS,
}
_SERVICE = {
    ("GET", "list"): LIST_CONTAINERS,
    ("GET", "properties"): SERVICE_INFO,
    ("POST", "userdelegationkey"): GET_KEY,
}


def operation_of(request: Request, container: str, name: str) -> Operation | None:
    """Return the operation of a request; None for an API that is not imitated."""
    comp = request.query_params.get("comp", "")
    kind = request.query_params.get("restype", "")
    wanted = (request.method, comp)
    if "snapshot" in request.query_params or "versionid" in request.query_params:
        return None
    if kind == "account":
        return SERVICE_INFO
    if not container or kind == "service":
        return _SERVICE.get(wanted)
    if not name:
        return _CONTAINER.get(wanted) if kind == "container" else None
    if wanted == ("PUT", "") and "x-ms-copy-source" in request.headers:
        return COPY
    return _BLOB.get(wanted)
