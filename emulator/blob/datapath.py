"""May this caller do this with this account's blobs? One answer for the service and for jobs."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from starlette.requests import Request

from emulator.access import network, rbac
from emulator.arm.behaviours import Services
from emulator.arm.store import Resource, Store
from emulator.blob import sas, signatures
from emulator.blob.errors import StorageError, mismatch, not_authenticated
from emulator.blob.mirror import ACCOUNTS, container_id
from emulator.blob.operations import GET_BLOB, LIST_BLOBS, Level, Operation
from emulator.login.callers import Caller, Principal
from emulator.server.hosts import Call

AUDIENCE = "https://storage.azure.com"
# From this version on the service asks anonymous callers to sign in instead of hiding things.
_CHALLENGES = "2019-12-12"
_STALE = dt.timedelta(minutes=15)


@dataclass(frozen=True)
class Access:
    """What was granted, beyond the operation itself."""

    may_overwrite: bool = True


def find_account(store: Store, name: str) -> Resource:
    """Return the storage account of a host name.

    Raises:
        StorageError: there is none; in Azure the name would not resolve.
    """
    found = store.find(ACCOUNTS, name)
    if not found:
        raise StorageError(
            404,
            "ResourceNotFound",
            "The specified resource does not exist. (Local Azure: there is no storage account "
            f"{name!r}, so {name}.blob.core.windows.net would not resolve in Azure.)",
        )
    return found[0]


def scope_of(account: Resource, container: str) -> str:
    """Return the id at which a role must hold for a container."""
    return container_id(account, container) if container else account["id"]


def authorize(store: Store, caller: Caller, account: str, container: str, action: str) -> None:
    """Refuse a job that may not do `action` on a container with its identity from its place.

    Raises:
        StorageError: with what is missing.
    """
    resource = find_account(store, account)
    check_place(store, caller, resource)
    if caller.principal is None:
        raise StorageError(401, "NoAuthenticationInformation", "The caller is not signed in.")
    check_role(store, caller.principal, scope_of(resource, container), [action], data=True)


def check_place(store: Store, caller: Caller, account: Resource) -> None:
    """Refuse a caller whom the account's network rules keep out.

    Raises:
        StorageError: 403 AuthorizationFailure.
    """
    refusal = network.reaches(store, caller.place, account, "blob")
    if refusal is not None:
        raise StorageError(403, refusal.code, refusal.message)


def check_role(
    store: Store, principal: Principal, scope: str, actions: Sequence[str], *, data: bool
) -> None:
    """Refuse a principal without a role that allows one of the actions.

    Raises:
        StorageError: 403 AuthorizationPermissionMismatch, naming principal, action and scope.
    """
    if any(rbac.allows(store, principal, action, scope, data=data) for action in actions):
        return
    has = ", ".join(rbac.roles_at(store, principal, scope)) or "none"
    kind = "data action" if data else "action"
    raise mismatch(
        f"{principal.name} ({principal.object_id}) has no role with the {kind} {actions[0]} on "
        f"{scope}; roles there: {has}"
    )


def check(
    request: Request, call: Call, account: Resource, operation: Operation, path: tuple[str, str]
) -> Access:
    """Refuse a request that neither a token nor a signature nor public access allows.

    Raises:
        StorageError: 401 or 403 with the reason.
    """
    container = path[0]
    check_place(call.store, call.caller, account)
    query = request.query_params
    scheme = request.headers.get("authorization", "").partition(" ")[0].lower()
    if "sig" in query and (scheme != "bearer" or "sduoid" in query):
        return _check_sas(request, call, account, operation, path)
    if scheme == "bearer":
        _check_token(call, account, operation, container)
    elif scheme == "sharedkey":
        _check_shared_key(request, call.services, account, operation)
    elif scheme:
        raise StorageError(
            400,
            "InvalidAuthenticationInfo",
            "Authentication information is not given in the correct format. Check the value of "
            "Authorization header.",
            {"AuthenticationErrorDetail": f"{scheme}; wanted: Bearer or SharedKey"},
        )
    else:
        _check_public(request, call, account, operation, container)
    return Access()


def _check_token(call: Call, account: Resource, operation: Operation, container: str) -> None:
    own = f"https://{account['name']}.blob.core.windows.net"
    if call.claims is None or call.caller.principal is None:
        raise _bad_token(call.refused_token)
    if call.claims.audience.rstrip("/") not in {AUDIENCE, own}:
        raise _bad_token(
            f"Audience validation failed. Audiences: '{call.claims.audience}' did not match; "
            f"wanted: {AUDIENCE} or {own}."
        )
    scope = scope_of(account, container)
    actions, data = operation.actions, operation.data
    check_role(call.store, call.caller.principal, scope, actions, data=data)


def _bad_token(detail: str) -> StorageError:
    return StorageError(
        401,
        "InvalidAuthenticationInfo",
        "Server failed to authenticate the request. Please refer to the information in the "
        "www-authenticate header.",
        {"AuthenticationErrorDetail": detail},
    )


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


def _check_shared_key(
    request: Request, services: Services, account: Resource, operation: Operation
) -> None:
    keys = keys_of(services, account)
    named, _, signature = request.headers["authorization"].partition(" ")[2].partition(":")
    if named.lower() != account["name"].lower():
        raise not_authenticated(f"The key is for the account {named!r}")
    sent = request.headers.get("x-ms-date") or request.headers.get("date") or ""
    try:
        age = dt.datetime.now(dt.UTC) - parsedate_to_datetime(sent).astimezone(dt.UTC)
    except ValueError as error:
        raise not_authenticated(f"x-ms-date is {sent!r}; wanted: a date") from error
    if abs(age) > _STALE:
        raise not_authenticated(f"Request date header too old: '{sent}'")
    texts = signatures.shared_key_texts(request, account["name"])
    if not signatures.matches(keys, texts, signature):
        raise not_authenticated(
            "The MAC signature found in the HTTP request is not the same as any computed "
            f"signature. Server used following string to sign: {texts[-1]!r}"
        )
    if operation.actions[0].endswith("generateUserDelegationKey/action"):
        raise mismatch("a user delegation key is given to a signed-in caller only")


def _check_sas(
    request: Request, call: Call, account: Resource, operation: Operation, path: tuple[str, str]
) -> Access:
    query = dict(request.query_params)
    container, name = path
    delegated = "skoid" in query
    if delegated:
        keys = [signatures.delegation_key(call.services.tokens, query)]
    else:
        keys = keys_of(call.services, account)
    texts = signatures.sas_texts(query, account["name"], container, name)
    if not signatures.matches(keys, texts, query["sig"]):
        raise not_authenticated(f"Signature did not match. String to sign used was {texts[0]!r}")
    if query.get("sr") == "d" and account["properties"].get("isHnsEnabled") is not True:
        raise not_authenticated("sr=d needs an account with a hierarchical namespace")
    policies = call.services.blobs.policies(account["name"], container) if "si" in query else []
    fields = sas.with_policy(query, policies)
    sas.check(fields, operation, call.caller.place, is_blob=bool(name))
    if delegated:
        _check_signer(call, account, operation, container, fields)
    return Access(may_overwrite=sas.may_overwrite(fields, operation))


def _check_signer(
    call: Call, account: Resource, operation: Operation, container: str, fields: dict[str, str]
) -> None:
    who = call.services.principals.by_object_id(fields["skoid"])
    if who is None:
        raise not_authenticated("The key's owner does not exist")
    wanted = fields.get("sduoid")
    caller = call.caller.principal
    if wanted and (caller is None or caller.object_id.lower() != wanted.lower()):
        raise not_authenticated(f"The signature is for {wanted} alone, who has to sign in as well")
    # A user-delegation SAS never allows more than its signer may do at this moment.
    scope = scope_of(account, container)
    check_role(call.store, who, scope, operation.actions, data=operation.data)


def _check_public(
    request: Request, call: Call, account: Resource, operation: Operation, container: str
) -> None:
    allowed = account["properties"].get("allowBlobPublicAccess") is True
    level = "none"
    if allowed and container:
        level = call.services.blobs.public_access(account["name"], container)
    if operation is GET_BLOB and level in {"blob", "container"}:
        return
    about_container = operation is LIST_BLOBS or operation.level is Level.CONTAINER
    if operation.reads and about_container and level == "container":
        return
    if not operation.reads or request.headers.get("x-ms-version", "") >= _CHALLENGES:
        raise StorageError(
            401,
            "NoAuthenticationInformation",
            "Server failed to authenticate the request. Please refer to the information in the "
            "www-authenticate header.",
        )
    if not allowed:
        raise StorageError(
            409,
            "PublicAccessNotPermitted",
            "Public access is not permitted on this storage account.",
        )
    raise StorageError(404, "ResourceNotFound", "The specified resource does not exist.")
