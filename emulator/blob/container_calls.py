"""What is asked of a container."""

import time

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from emulator.blob import conditions, lease_calls, leases, listing
from emulator.blob.ask import Ask, changed, http_date
from emulator.blob.errors import StorageError, bad_header, no_container
from emulator.blob.model import ContainerInfo
from emulator.blob.xml import parse

_LEVELS = ("none", "blob", "container")
_MOST_POLICIES = 5


def _level(ask: Ask) -> str:
    public = ask.headers.get("x-ms-blob-public-access", "none").lower()
    if public not in _LEVELS:
        raise bad_header("x-ms-blob-public-access", public, "container or blob")
    if public != "none" and ask.account["properties"].get("allowBlobPublicAccess") is not True:
        raise StorageError(
            409,
            "PublicAccessNotPermitted",
            "Public access is not permitted on this storage account.",
        )
    return public


def _info(ask: Ask) -> ContainerInfo:
    found = ask.blobs.container(ask.account["name"], ask.container)
    if found is None:
        raise no_container()
    return found


async def create(ask: Ask) -> Response:
    public, metadata = _level(ask), ask.metadata
    name = ask.account["name"]
    if not ask.blobs.create_container(name, ask.container, public=public, metadata=metadata):
        raise StorageError(409, "ContainerAlreadyExists", "The specified container already exists.")
    info = _info(ask)
    shown = {"etag": info.etag, "last-modified": http_date(info.created)}
    return Response(status_code=201, headers=shown)


async def delete(ask: Ask) -> Response:
    info = _info(ask)
    conditions.check_write(ask.headers, info)
    lease = ask.blobs.index.lease(ask.container_key)
    leases.check_write(lease, ask.given_lease, time.time(), "Container")
    await run_in_threadpool(ask.blobs.delete_container, ask.account["name"], ask.container)
    return Response(status_code=202)


async def get(ask: Ask) -> Response:
    info = _info(ask)
    lease = ask.blobs.index.lease(ask.container_key)
    leases.check_read(lease, ask.given_lease, time.time(), "Container")
    held = leases.shown(lease, time.time())
    shown = {
        "etag": info.etag,
        "last-modified": http_date(info.created),
        "x-ms-has-immutability-policy": "false",
        "x-ms-has-legal-hold": "false",
        **{f"x-ms-lease-{name}": value for name, value in held.items()},
        **{f"x-ms-meta-{name}": value for name, value in info.metadata.items()},
        **_public(ask),
    }
    return Response(status_code=200, headers=shown)


def _public(ask: Ask) -> dict[str, str]:
    level = ask.blobs.public_access(ask.account["name"], ask.container)
    return {} if level == "none" else {"x-ms-blob-public-access": level}


async def set_metadata(ask: Ask) -> Response:
    info, metadata = _info(ask), ask.metadata
    conditions.check_write(ask.headers, info)
    leases.check_read(
        ask.blobs.index.lease(ask.container_key), ask.given_lease, time.time(), "Container"
    )
    ask.blobs.set_container_metadata(ask.account["name"], ask.container, metadata)
    return changed(_info(ask).etag, time.time())


async def get_acl(ask: Ask) -> Response:
    info = _info(ask)
    answer = listing.policies(ask.blobs.policies(ask.account["name"], ask.container))
    answer.headers.update(
        {"etag": info.etag, "last-modified": http_date(info.created), **_public(ask)}
    )
    return answer


async def set_acl(ask: Ask) -> Response:
    info, public = _info(ask), _level(ask)
    conditions.check_write(ask.headers, info)
    leases.check_read(
        ask.blobs.index.lease(ask.container_key), ask.given_lease, time.time(), "Container"
    )
    body = await ask.request.body()
    policies = listing.read_policies(parse(body)) if body.strip() else []
    if len(policies) > _MOST_POLICIES:
        raise StorageError(
            400,
            "InvalidXmlDocument",
            "XML specified is not syntactically valid.",
            {"Reason": f"{len(policies)} policies; wanted: at most {_MOST_POLICIES}"},
        )
    ask.blobs.set_access(ask.account["name"], ask.container, public, policies)
    return changed(_info(ask).etag, time.time())


async def lease(ask: Ask) -> Response:
    info = _info(ask)
    return lease_calls.run(ask, ask.container_key, info.etag, info.created)


async def list_blobs(ask: Ask) -> Response:
    ask.existing_container()
    query = dict(ask.request.query_params)
    return await run_in_threadpool(
        listing.blobs, ask.blobs, ask.account["name"], ask.container, query
    )
