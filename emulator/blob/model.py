"""What the blob service keeps: containers, blobs, leases, stored access policies."""

from collections.abc import Callable
from dataclasses import dataclass, field

# Id and size of each block of a blob, in order.
Blocks = list[tuple[str, int]]
BLOCK_BLOB = "BlockBlob"
APPEND_BLOB = "AppendBlob"


@dataclass(frozen=True, kw_only=True)
class BlobInfo:
    """A blob's name and properties; `object` is the name of its content file, `size` in bytes.

    The blocks of an append blob are one entry, whose size is how many blocks were appended.
    """

    account: str
    container: str
    name: str
    object: str
    size: int
    kind: str
    etag: str
    created: float
    modified: float
    metadata: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    blocks: Blocks = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class ContainerInfo:
    """A container's name and properties; `public` is none, blob or container."""

    account: str
    name: str
    created: float
    etag: str
    public: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class Policy:
    """A stored access policy of a container; empty fields are left to the signature."""

    id: str
    start: str = ""
    expiry: str = ""
    permission: str = ""


# Looks at a blob as it is (None: there is none) before it changes; raises to keep it so.
Guard = Callable[[BlobInfo | None], None]


class MissingContainerError(Exception):
    """There is no such container."""
