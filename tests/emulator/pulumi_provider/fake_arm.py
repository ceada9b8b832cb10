"""An ARM in memory: enough of it to see what the provider sends."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx


@dataclass
class FakeArm:
    """Keeps what is PUT, answers GET and DELETE; `faults` are answered first."""

    resources: dict[str, dict] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    faults: list[httpx.Response | Exception | None] = field(default_factory=list)
    computed: Callable[[dict], dict] = field(default=dict)

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self.handle)

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.microsoftonline.com":
            return httpx.Response(200, json={"access_token": "a.e30.c", "expires_in": 3600})
        assert request.headers["authorization"].startswith("Bearer ")
        # the URL of an operation is given by Azure, version included
        assert "/operations/" in request.url.path or request.url.params["api-version"]
        self.calls.append((request.method, request.url.path))
        if self.faults:
            fault = self.faults.pop(0)
            if isinstance(fault, Exception):
                raise fault
            if fault is not None:
                return fault
        key = request.url.path.lower()
        body = json.loads(request.content) if request.content else {}
        match request.method:
            case "PUT":
                known = key in self.resources
                body = {"id": request.url.path, "name": request.url.path.rsplit("/", 1)[-1], **body}
                self.resources[key] = self.computed(body)
                return httpx.Response(200 if known else 201, json=self.resources[key])
            case "DELETE":
                return httpx.Response(200 if self.resources.pop(key, None) else 204)
            case "GET" if key in self.resources:
                return httpx.Response(200, json=self.resources[key])
            case "POST":
                return httpx.Response(
                    200,
                    json={"keys": [{"keyName": "key1", "value": "s3cret", "permissions": "FULL"}]},
                )
        return httpx.Response(
            404, json={"error": {"code": "ResourceNotFound", "message": f"{key} not found"}}
        )
