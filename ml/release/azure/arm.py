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
        request = HttpRequest("GET", path, params=asked)
        with told_apart(path):
            # The path goes in by itself, or the client would join the host to the query twice.
            request.url = self._client.format_url(request.url)
            response = self._client.send_request(request)
            response.raise_for_status()
            return cast("Json", response.json())
