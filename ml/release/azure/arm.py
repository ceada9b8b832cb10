"""Questions to Azure Resource Manager for which the Azure ML client has no call."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, cast

from azure.core import PipelineClient
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest

from ml.release.azure.replies import told_apart

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import HttpTransport
    from azure.core.rest import HttpResponse

Json = dict[str, object]
HOST = "https://management.azure.com"
_GONE = 404


@dataclass(frozen=True)
class Arm:
    """Azure Resource Manager as somebody."""

    credential: "TokenCredential"
    transport: "HttpTransport[HttpRequest, HttpResponse] | None" = field(default=None)

    @cached_property
    def _client(self) -> "PipelineClient[HttpRequest, HttpResponse]":
        policies = [
            RetryPolicy(),
            BearerTokenCredentialPolicy(self.credential, f"{HOST}/.default"),
        ]
        if self.transport is None:
            return PipelineClient(HOST, policies=policies)
        return PipelineClient(HOST, policies=policies, transport=self.transport)

    def get(self, path: str, version: str, query: Mapping[str, str] | None = None) -> Json:
        """Return what is at a path.

        Raises:
            UnavailableError: no answer.
            PlatformError: Azure refuses.
        """
        asked = {"api-version": version, **(query or {})}
        return cast("Json", self._ask(HttpRequest("GET", path, params=asked)).json())

    def put(self, path: str, version: str, body: Json) -> None:
        """Make or change what is at a path; again is fine.

        Raises:
            UnavailableError: no answer.
            ChangedError: it is being changed.
            PlatformError: Azure refuses.
        """
        self._ask(HttpRequest("PUT", path, params={"api-version": version}, json=body))

    def delete(self, path: str, version: str) -> None:
        """Delete what is at a path; again is fine.

        Raises:
            UnavailableError: no answer.
            ChangedError: it is being changed.
            PlatformError: Azure refuses.
        """
        request = HttpRequest("DELETE", path, params={"api-version": version})
        self._ask(request, fine=frozenset({_GONE}))

    def _ask(self, request: HttpRequest, fine: frozenset[int] = frozenset()) -> "HttpResponse":
        with told_apart(request.url.partition("?")[0]):
            # The path goes in by itself, or the client would join the host to the query twice.
            request.url = self._client.format_url(request.url)
            response = self._client.send_request(request)
            if response.status_code not in fine:
                response.raise_for_status()
        return response
