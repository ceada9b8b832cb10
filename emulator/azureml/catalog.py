"""Listing assets and their versions, and the containers that their first version makes."""

from collections.abc import Mapping
from typing import Any

from emulator.arm.errors import ArmError, not_found
from emulator.arm.store import Store
from emulator.azureml.places import latest, made
from emulator.azureml.text import NAMESPACE, bad, truth

Resource = dict[str, Any]


def ensure_container(
    store: Store, workspace: str, kind: str, name: str, above: str = f"{NAMESPACE}/workspaces"
) -> None:
    """Make the asset itself when its first version comes, as Azure does."""
    id_ = f"{workspace}/{kind}/{name}"
    if store.get(id_) is None:
        store.put(
            {
                "id": id_,
                "name": name,
                "type": f"{above}/{kind}",
                "properties": {
                    "isArchived": False,
                    "tags": {},
                    "properties": {},
                    "provisioningState": "Succeeded",
                },
            }
        )


def container(store: Store, workspace: str, kind: str, name: str) -> Resource:
    """One asset with its newest and its next version."""
    found = store.get(f"{workspace}/{kind}/{name}")
    if found is None:
        raise not_found(f"{workspace}/{kind}/{name}")
    return _shown(found, store.children(found["id"], "versions"))


def containers(store: Store, workspace: str, kind: str, query: Mapping[str, str]) -> list[Resource]:
    """All assets of a kind, without the archived ones unless they are asked for."""
    found = [
        _shown(c, store.children(c["id"], "versions")) for c in store.children(workspace, kind)
    ]
    return _paged(_viewed(found, query), query)


def versions(
    store: Store, workspace: str, kind: str, name: str, query: Mapping[str, str]
) -> list[Resource]:
    """The versions of an asset, the newest first; or all code with a hash, whatever its name."""
    if kind == "codes" and query.get("hash"):
        return by_hash(store, workspace, query["hash"])
    found = sorted(store.children(f"{workspace}/{kind}/{name}", "versions"), key=made, reverse=True)
    order = str(query.get("$orderBy") or query.get("orderBy") or "").lower()
    if order.endswith(" asc"):
        found.reverse()
    if stage := query.get("stage"):
        found = [v for v in found if v["properties"].get("stage") == stage]
    for tag in filter(None, str(query.get("tags") or query.get("$tags") or "").split(",")):
        key, _, value = tag.partition("=")
        found = [
            v for v in found if v["properties"]["tags"].get(key, None if value else "") == value
        ]
    return _paged(_viewed(found, query), query)


def by_hash(store: Store, workspace: str, digest: str) -> list[Resource]:
    """Code with that content: the client asks before it uploads, under a name it just made up."""
    found = [
        v
        for v in store.under(f"{workspace}/codes")
        if v["type"].lower().endswith("/codes/versions")
    ]
    return [
        v for v in found if (v["properties"].get("properties") or {}).get("hash_sha256") == digest
    ]


def labelled(store: Store, workspace: str, kind: str, name: str) -> Resource:
    """The newest version of an asset."""
    found = latest(store.children(f"{workspace}/{kind}/{name}", "versions"))
    if found is None:
        raise not_found(f"{workspace}/{kind}/{name}/versions")
    return found


def refuse_delete(store: Store, id_: str) -> None:
    """Refuse to take away an asset that is not there, by name."""
    if store.get(id_) is None:
        raise ArmError(404, "NotFound", f"{id_} was not found.")


def _shown(asset: Resource, found: list[Resource]) -> Resource:
    numbers = [int(v["name"]) for v in found if v["name"].isdigit()]
    newest = latest([v for v in found if not v["properties"].get("isArchived")]) or latest(found)
    extra: Resource = {"nextVersion": str(max(numbers, default=0) + 1)}
    if newest is not None:
        extra["latestVersion"] = newest["name"]
        if data_type := newest["properties"].get("dataType"):
            extra["dataType"] = data_type
    return {**asset, "properties": {**asset["properties"], **extra}}


def _viewed(found: list[Resource], query: Mapping[str, str]) -> list[Resource]:
    view = str(query.get("listViewType") or query.get("$listViewType") or "ActiveOnly").lower()
    if view == "all":
        return found
    archived = view == "archivedonly"
    return [r for r in found if truth(r["properties"].get("isArchived", False)) == archived]


def _paged(found: list[Resource], query: Mapping[str, str]) -> list[Resource]:
    try:
        skip = int(query.get("$skip") or 0)
        top = int(query.get("$top") or query.get("count") or len(found))
    except ValueError as error:
        msg = "$top and $skip are numbers."
        raise bad(msg, "$top") from error
    return found[skip : skip + top]
