"""Asking one deployment of an online endpoint, whatever traffic it gets."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from azure.core import PipelineClient
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy
from azure.core.rest import HttpRequest

from ml.acceptance.trials import Answer
from ml.errors import PlatformError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline.transport import HttpTransport
    from azure.core.rest import HttpResponse

AUDIENCE = "https://ml.azure.com/.default"
DEPLOYMENT, MODEL_STATUS = "azureml-model-deployment", "ms-azureml-model-error-statuscode"
_REFUSED = frozenset({401, 403})


@dataclass(frozen=True)
class Caller:
    """Calls a deployment as somebody; nothing is sent twice, as a failure is what is looked for."""

    uri: str
    deployment: str
    credential: "TokenCredential"
    timeout: float = 30
    transport: "HttpTransport[HttpRequest, HttpResponse] | None" = None

    def __call__(self, body: bytes) -> Answer:
        """Send one request.

        Raises:
            PlatformError: the endpoint does not let this identity in.
        """
        headers = {"content-type": "application/json", DEPLOYMENT: self.deployment}
        request = HttpRequest("POST", self.uri, headers=headers, content=body)
        began = time.perf_counter()
        try:
            response = self._client.send_request(
                request, connection_timeout=self.timeout, read_timeout=self.timeout
            )
            text = response.text()
        except ClientAuthenticationError as error:
            raise PlatformError(f"no token for {self.uri}: {error}") from error
        except AzureError:
            return Answer(0, _since(began))
        if response.status_code in _REFUSED:
            raise PlatformError(
                f"{self.uri} refuses this identity ({response.status_code}): scoring needs "
                "onlineEndpoints/score/action, which AzureML Data Scientist has, and a way into "
                f"the workspace's network; it said {text[:300]}"
            )
        status = response.headers.get(MODEL_STATUS, "")
        return Answer(
            response.status_code,
            _since(began),
            _document(text),
            int(status) if status.isdigit() else None,
            response.headers.get(DEPLOYMENT),
        )

    @cached_property
    def _client(self) -> "PipelineClient[HttpRequest, HttpResponse]":
        policies = [BearerTokenCredentialPolicy(self.credential, AUDIENCE)]
        if self.transport is None:
            return PipelineClient(self.uri, policies=policies)
        return PipelineClient(self.uri, policies=policies, transport=self.transport)


def _document(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1e3
