"""What a request on the blob host wants to do, and what permission it needs for that.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
"""

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

    A role must allow one of `actions` (on the data plane if `data`). A shared access signature
    needs one of the letters `sas`; one for a container or blob opens an operation only if `service`
    is set. Without letters, no signature opens it.
    """

    name: str
    level: Level
    actions: tuple[str, ...]
    sas: str
    data: bool = True
    reads: bool = False
    service: bool = True


def _service(name: str, *actions: str, sas: str = "", reads: bool = False) -> Operation:
    return Operation(name, Level.SERVICE, actions, sas, data=False, reads=reads, service=False)


def _container(name: str, verb: str, sas: str, *, reads: bool = False) -> Operation:
    actions = (f"{CONTAINERS}/{verb}",)
    return Operation(name, Level.CONTAINER, actions, sas, data=False, reads=reads, service=False)


def _blob(name: str, *verbs: str, sas: str, reads: bool = False) -> Operation:
    actions = tuple(f"{CONTAINERS}/blobs/{verb}" for verb in verbs)
    return Operation(name, Level.BLOB, actions, sas, reads=reads)


GET_KEY = _service("Get User Delegation Key", f"{BLOBS}/generateUserDelegationKey/action")
LIST_CONTAINERS = _service("List Containers", f"{CONTAINERS}/read", sas="l", reads=True)
SERVICE_PROPERTIES = _service("Get Blob Service Properties", f"{BLOBS}/read", sas="r", reads=True)
ACCOUNT_INFO = _service("Get Account Information", f"{CONTAINERS}/read", sas="racwdl", reads=True)
CREATE_CONTAINER = _container("Create Container", "write", "cw")
DELETE_CONTAINER = _container("Delete Container", "delete", "d")
GET_CONTAINER = _container("Get Container Properties", "read", "r", reads=True)
SET_CONTAINER = _container("Set Container Metadata", "write", "w")
GET_ACL = _container("Get Container ACL", "getAcl/action", "", reads=True)
SET_ACL = _container("Set Container ACL", "setAcl/action", "")
LEASE_CONTAINER = _container("Lease Container", "write", "w")
LIST_BLOBS = Operation(
    "List Blobs", Level.CONTAINER, (f"{CONTAINERS}/blobs/read",), "l", reads=True
)
GET_BLOB = _blob("Get Blob", "read", sas="r", reads=True)
PUT_BLOB = _blob("Put Blob", "write", "add/action", sas="cw")
PUT_BLOCK = _blob("Put Block", "write", "add/action", sas="cw")
PUT_BLOCKS = _blob("Put Block List", "write", "add/action", sas="cw")
GET_BLOCKS = _blob("Get Block List", "read", sas="r", reads=True)
APPEND = _blob("Append Block", "write", "add/action", sas="aw")
SET_METADATA = _blob("Set Blob Metadata", "write", sas="w")
SET_HEADERS = _blob("Set Blob Properties", "write", sas="w")
LEASE_BLOB = _blob("Lease Blob", "write", sas="w")
COPY = _blob("Copy Blob", "write", "add/action", sas="cw")
DELETE_BLOB = _blob("Delete Blob", "delete", sas="d")

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
    ("PUT", "lease"): LEASE_BLOB,
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
    ("GET", "acl"): GET_ACL,
    ("HEAD", "acl"): GET_ACL,
    ("PUT", "acl"): SET_ACL,
    ("PUT", "lease"): LEASE_CONTAINER,
    ("GET", "list"): LIST_BLOBS,
}
_SERVICE = {
    ("GET", "list"): LIST_CONTAINERS,
    ("GET", "properties"): SERVICE_PROPERTIES,
    ("POST", "userdelegationkey"): GET_KEY,
}
# What the service has and the local Azure has not, by `comp`.
_MISSING = {
    "snapshot": "Snapshot Blob",
    "undelete": "Undelete Blob",
    "tags": "Blob Tags",
    "tier": "Set Blob Tier",
    "batch": "Blob Batch",
    "blobs": "Find Blobs by Tags",
    "query": "Query Blob Contents",
    "page": "Put Page",
    "pagelist": "Get Page Ranges",
    "incrementalcopy": "Incremental Copy Blob",
    "copy": "Abort Copy Blob",
    "seal": "Append Blob Seal",
    "expiry": "Set Blob Expiry",
    "immutabilityPolicies": "Set Blob Immutability Policy",
    "legalhold": "Set Blob Legal Hold",
    "stats": "Get Blob Service Stats",
    "rename": "Rename Container",
    "properties": "Set Blob Service Properties",
}


def operation_of(request: Request, container: str, name: str) -> Operation | None:
    """Return the operation of a request; None for an API that is not imitated."""
    comp = request.query_params.get("comp", "")
    kind = request.query_params.get("restype", "")
    wanted = (request.method, comp)
    if "snapshot" in request.query_params or "versionid" in request.query_params:
        return None
    if kind == "account":
        return ACCOUNT_INFO if wanted == ("GET", "properties") or request.method == "HEAD" else None
    if not container or kind == "service":
        return _SERVICE.get(wanted)
    if not name:
        return _CONTAINER.get(wanted) if kind == "container" else None
    if wanted == ("PUT", "") and "x-ms-copy-source" in request.headers:
        return COPY
    if wanted == ("PUT", "block") and "x-ms-copy-source" in request.headers:
        return None
    return _BLOB.get(wanted)


def missing_name(request: Request) -> str:
    """Return what the documentation calls an API that is not imitated."""
    query = request.query_params
    if "snapshot" in query or "versionid" in query:
        return "Snapshots and versions"
    comp = query.get("comp", "")
    if comp == "block":
        return "Put Block From URL"
    return _MISSING.get(
        comp, f"{request.method} comp={comp!r} restype={query.get('restype', '')!r}"
    )
