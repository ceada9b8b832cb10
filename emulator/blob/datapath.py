"""May this caller do this with this account's blobs? One answer for the service and for jobs."""

from starlette.requests import Request

from emulator.access import network, rbac
from emulator.arm.behaviours import Services
from emulator.arm.store import Resource, Store
from emulator.blob import signatures
from emulator.blob.errors import StorageError, mismatch, not_authenticated
from emulator.blob.operations import GET_BLOB, LIST_BLOBS, Level, Operation
from emulator.login.callers import Caller, Principal
from emulator.server.hosts import Call

ACCOUNTS = "Microsoft.Storage/storageAccounts"
AUDIENCE = "https://storage.azure.com"


def find_account(store: Store, name: str) -> Resource:
    """Return the storage account of a host name.

    Raises:
        StorageError: there is none; in Azure the name would not resolve.
    """
    found = store.find(ACCOUNTS, name)
    if not found:
        raise StorageError(
            404, "ResourceNotFound", f"The storage account {name!r} does not exist in this Azure."
        )
    return found[0]


def scope_of(account: Resource, container: str) -> str:
    """Return the id at which a role must hold for a container."""
    service = f"{account['id']}/blobServices/default"
    return f"{service}/containers/{container}" if container else account["id"]


def authorize(store: Store, caller: Caller, account: str, container: str, action: str) -> None:
    """Refuse a job that may not do `action` on a container with its identity from its place.

    Raises:
        StorageError: with what is missing.
    """
    resource = find_account(store, account)
    check_place(store, caller, resource)
    if caller.principal is None:
        raise StorageError(401, "NoAuthenticationInformation", "The caller is not signed in.")
    check_role(store, caller.principal, scope_of(resource, container), action, data=True)


def check_place(store: Store, caller: Caller, account: Resource) -> None:
    """Refuse a caller whom the account's network rules keep out.

    Raises:
        StorageError: 403 AuthorizationFailure.
    """
    refusal = network.reaches(store, caller.place, account, "blob")
    if refusal is not None:
        raise StorageError(403, refusal.code, refusal.message)


def check_role(store: Store, principal: Principal, scope: str, action: str, *, data: bool) -> None:
    """Refuse a principal without a role that allows the action.

    Raises:
        StorageError: 403 AuthorizationPermissionMismatch, naming principal, action and scope.
    """
    if not rbac.allows(store, principal, action, scope, data=data):
        raise mismatch(f"{principal.name} ({principal.object_id}) has no {action} on {scope}.")


def check(
    request: Request, call: Call, account: Resource, operation: Operation, path: tuple[str, str]
) -> None:
    """Refuse a request that neither a token nor a signature nor public access allows.

    Raises:
        StorageError: 401 or 403 with the reason.
    """
    container = path[0]
    check_place(call.store, call.caller, account)
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    if scheme == "bearer":
        _check_token(call, account, operation, container)
    elif scheme == "sharedkey":
        _check_shared_key(request, call.services, account)
    elif "sig" in request.query_params:
        _check_sas(request, call, account, operation, path)
    else:
        _check_public(call, account, operation, container)


def _check_token(call: Call, account: Resource, operation: Operation, container: str) -> None:
    own = f"https://{account['name']}.blob.core.windows.net"
    if call.claims is None or call.caller.principal is None:
        raise StorageError(401, "InvalidAuthenticationInfo", call.refused_token)
    if call.claims.audience.rstrip("/") not in {AUDIENCE, own}:
        raise StorageError(
            401, "InvalidAuthenticationInfo", f"Audience validation failed: {call.claims.audience}."
        )
    scope = scope_of(account, container)
    check_role(call.store, call.caller.principal, scope, operation.action, data=operation.data)


def keys_of(services: Services, account: Resource) -> list[str]:
    """Return both keys of an account.

    Raises:
        StorageError: the account takes no keys.
    """
    if account["properties"].get("allowSharedKeyAccess") is False:
        raise StorageError(
            403,
            "KeyBasedAuthenticationNotPermitted",
            "Key based authentication is not permitted on this storage account.",
        )
    generations = account["properties"].get("keyGenerations") or [0, 0]
    return [
        signatures.account_key(services.tokens, account["id"], number, generation)
        for number, generation in enumerate(generations)
    ]


def _check_shared_key(request: Request, services: Services, account: Resource) -> None:
    keys = keys_of(services, account)
    signature = request.headers["authorization"].rpartition(":")[2]
    text = signatures.shared_key_text(request, account["name"])
    if not signatures.matches(keys, [text], signature):
        raise not_authenticated("The MAC signature found is not the one that was computed.")


def _check_sas(
    request: Request, call: Call, account: Resource, operation: Operation, path: tuple[str, str]
) -> None:
    query = dict(request.query_params)
    container, name = path
    delegated = "skoid" in query
    if delegated:
        keys = [signatures.delegation_key(call.services.tokens, query)]
    else:
        keys = keys_of(call.services, account)
    texts = signatures.sas_texts(query, account["name"], container, name)
    if not signatures.matches(keys, texts, query["sig"]):
        raise not_authenticated("Signature did not match.")
    signatures.check_sas(query, operation, is_blob=bool(name))
    if delegated:
        who = call.services.principals.by_object_id(query["skoid"])
        if who is None:
            raise not_authenticated("The key's owner does not exist.")
        # A user-delegation SAS never allows more than its signer may do at this moment.
        scope = scope_of(account, container)
        check_role(call.store, who, scope, operation.action, data=operation.data)


def _check_public(call: Call, account: Resource, operation: Operation, container: str) -> None:
    found = call.services.blobs.container(account["name"], container) if container else None
    allowed = account["properties"].get("allowBlobPublicAccess") is True
    level = found.public if found and allowed else "none"
    open_to_all = operation is GET_BLOB and level in {"blob", "container"}
    lists = operation is LIST_BLOBS or operation.level is Level.CONTAINER
    if not (open_to_all or (operation.reads and lists and level == "container")):
        raise StorageError(
            401,
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the "
            "www-authenticate header.",
        )
