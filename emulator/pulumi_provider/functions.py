"""Answers a program's function calls: `getX`, `listXKeys`, `getClientConfig`, `getClientToken`."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from emulator.pulumi_provider.arm import ENDPOINT, ArmClient
from emulator.pulumi_provider.check import check_arguments
from emulator.pulumi_provider.state import hide
from emulator.pulumi_provider.values import Properties, Secret, Value, plain, plain_properties
from shapes import catalog
from shapes.catalog import FunctionShape, PathTemplate
from shapes.convert import from_body, to_body

CLIENT_CONFIG = "azure-native:authorization:getClientConfig"
CLIENT_TOKEN = "azure-native:authorization:getClientToken"  # noqa: S105 - a function's name


class FunctionRefusedError(Exception):
    """The call cannot be answered; `path` names the argument that is wrong, if one is."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path


def invoke(token: str, given: Properties, client: ArmClient) -> Properties:
    """Answer one call."""
    arguments = plain_properties(given)
    if token == CLIENT_CONFIG:
        return client_config(client)
    if token == CLIENT_TOKEN:
        endpoint = plain(arguments.get("endpoint"))
        return {"token": Secret(client.token(str(endpoint) if endpoint else ENDPOINT))}
    shape = catalog.function(token)
    for failure in check_arguments(arguments, shape):
        raise FunctionRefusedError(failure.path, str(failure))
    if shape.path is None:
        msg = f"{token} is not in any azure-mgmt package, so the local provider cannot know its URL"
        raise FunctionRefusedError("", msg)
    body, query = to_body(arguments, shape.inputs, shape.module)
    url = _url(shape, shape.path, arguments, client)
    answer = client.call(shape.method, url, shape.version, body or None, query)
    result = hide(from_body(answer, shape.outputs, shape.module), shape.outputs, shape.module)
    if "id" not in result and isinstance(answer.get("id"), str):
        result["id"] = answer["id"]
    result["azureApiVersion"] = shape.version
    if shape.secret:
        return {
            name: value if name == "azureApiVersion" else Secret(plain(value))
            for name, value in result.items()
        }
    return result


def _url(
    shape: FunctionShape, path: PathTemplate, arguments: Mapping[str, Value], client: ArmClient
) -> str:
    try:
        return path.fill({"subscriptionId": client.config.subscription_id, **arguments})
    except KeyError as missing:
        name = str(missing.args[0])
        raise FunctionRefusedError(
            name, f"{name}: {shape.token} needs it and it has no value"
        ) from None


def client_config(client: ArmClient) -> Properties:
    """Say who the program is: from the token, as azure-native does."""
    claims = _claims(client.token())
    return {
        "clientId": client.config.client_id or str(claims.get("appid", "")),
        "objectId": str(claims.get("oid", "")),
        "subscriptionId": client.config.subscription_id,
        "tenantId": client.config.tenant_id or str(claims.get("tid", "")),
    }


def _claims(token: str) -> dict[str, object]:
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(padded))
    return claims
