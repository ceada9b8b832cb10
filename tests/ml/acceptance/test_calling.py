"""One request to one deployment: who is asked as whom, and what every kind of answer means."""

import json
from types import SimpleNamespace

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ServiceRequestError
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest._requests_basic import RestRequestsTransportResponse

from ml.acceptance.calling import AUDIENCE, Caller
from ml.errors import PlatformError

URI = "https://flights.westeurope.inference.ml.azure.com/score"


class Transport(HttpTransport):
    """Answers what a test says, and keeps what was sent."""

    def __init__(self, answer):
        self.answer, self.sent = answer, []

    def send(self, request, **kwargs):
        self.sent.append((request, kwargs))
        if isinstance(self.answer, Exception):
            raise self.answer
        status, headers, text = self.answer
        internal = requests.Response()
        internal.status_code = status
        internal.headers.update(headers)
        response = RestRequestsTransportResponse(request=request, internal_response=internal)
        response._content = text.encode()
        return response

    def open(self):
        return self

    def close(self):
        return None

    def __exit__(self, *_):
        return None


def caller(answer):
    transport = Transport(answer)
    asked = []

    def token(*scopes, **_options):
        asked.append(scopes)
        return AccessToken("secret", 9_999_999_999)

    credential = SimpleNamespace(get_token=token)
    return Caller(URI, "v3-0a1b2c3d", credential, transport=transport), transport, asked


def test_the_named_deployment_is_asked_with_a_token_for_endpoints():
    call, transport, asked = caller((200, {"azureml-model-deployment": "v3-0a1b2c3d"}, '{"a": 1}'))
    found = call(b"{}")
    assert (found.status, found.code, found.body) == (200, 200, {"a": 1})
    assert found.deployment == "v3-0a1b2c3d"
    ((request, options),) = transport.sent
    assert request.url == URI
    assert request.headers["azureml-model-deployment"] == "v3-0a1b2c3d"
    assert request.headers["authorization"] == "Bearer secret"
    assert options["read_timeout"] == 30
    assert asked == [(AUDIENCE,)]


def test_the_models_own_status_stands_behind_azures():
    headers = {"ms-azureml-model-error-statuscode": "422"}
    call, _, _ = caller((424, headers, json.dumps({"error": {"code": "ContractViolated"}})))
    found = call(b"{}")
    assert (found.status, found.model_status, found.code) == (424, 422, 422)
    assert found.body["error"]["code"] == "ContractViolated"


@pytest.mark.parametrize("text", ["upstream timed out", "[1]", ""])
def test_an_answer_that_is_no_object_has_no_body(text):
    call, _, _ = caller((502, {}, text))
    found = call(b"{}")
    assert (found.code, found.body) == (502, {})


def test_no_answer_is_counted_and_not_sent_again():
    call, transport, _ = caller(ServiceRequestError("connection refused"))
    assert call(b"{}").code == 0
    assert len(transport.sent) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_an_endpoint_that_lets_nobody_in_says_which_role_is_wanted(status):
    call, _, _ = caller((status, {}, "no"))
    with pytest.raises(PlatformError, match="scoring needs onlineEndpoints/score/action"):
        call(b"{}")
