"""An ordinary client of Azure Resource Manager: sign-in, retries, long-running operations."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx
import tenacity

from emulator.pulumi_provider.answers import (
    AzureError,
    body_of,
    failure_of,
    operation_failure,
    retry_after,
    state_of,
)
from emulator.pulumi_provider.config import Config
from emulator.pulumi_provider.signin import read_token, sign_in_request

ENDPOINT = "https://management.azure.com"
PARALLEL = 16
PATIENCE = 180.0  # seconds that a request may be retried for
OPERATION_PATIENCE = 3600.0  # seconds that Azure may work on a long-running operation
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
FINISHED = frozenset({"succeeded", "failed", "canceled", "cancelled"})


class CancelledError(Exception):
    """The engine was told to stop."""


class _TransientError(Exception):
    def __init__(self, response: httpx.Response) -> None:
        self.response = response


class ArmClient:
    """Sends requests to ARM; safe to use from many threads."""

    def __init__(
        self,
        config: Config,
        transport: httpx.BaseTransport | None = None,
        *,
        patience: float = PATIENCE,
    ) -> None:
        self.config = config
        self.patience = patience
        self.cancelled = threading.Event()
        limits = httpx.Limits(max_connections=PARALLEL, max_keepalive_connections=PARALLEL)
        # proxies and certificates come from the environment, as for every other Azure client
        self._http = httpx.Client(
            transport=transport, limits=limits, timeout=httpx.Timeout(120, connect=10)
        )
        self._slots = threading.BoundedSemaphore(PARALLEL)
        self._token = ""
        self._token_until = 0.0
        self._token_lock = threading.Lock()
        self._refusal: tuple[float, AzureError] | None = None  # until when, and why

    def get(self, path: str, version: str) -> dict[str, Any] | None:
        """Return a resource, or nothing when it does not exist."""
        try:
            return self.call("GET", path, version)
        except AzureError as failure:
            if failure.status == 404:
                return None
            raise

    def put(
        self,
        path: str,
        version: str,
        body: dict[str, Any],
        query: dict[str, str] | None = None,
        method: str = "PUT",
    ) -> dict[str, Any]:
        """Create or replace a resource and wait until Azure is done with it."""
        answer = self.call(method, path, version, body, query)
        if "id" not in answer and "properties" not in answer:
            answer = self.get(path, version) or answer
        return self._settled(path, version, answer)

    def delete(self, path: str, version: str) -> None:
        """Delete a resource; one that is gone already is fine."""
        try:
            self.call("DELETE", path, version)
        except AzureError as failure:
            if failure.status != 404:
                raise

    def call(
        self,
        method: str,
        path: str,
        version: str,
        body: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """Send one request and follow it to its end."""
        url = httpx.URL(ENDPOINT + path, params={"api-version": version, **(query or {})})
        response = self._send(method, url, body)
        if response.status_code >= 400:
            raise failure_of(response, path)
        monitor = response.headers.get("azure-asyncoperation") or response.headers.get("location")
        if (monitor and response.status_code in {201, 202}) or response.headers.get(
            "azure-asyncoperation"
        ):
            return self._follow(response, path, version, method, str(monitor))
        return body_of(response)

    def token(self, audience: str = ENDPOINT) -> str:
        """Return a bearer token; ARM's is kept until shortly before it ends."""
        if audience != ENDPOINT:
            return self._sign_in(audience)[0]
        with self._token_lock:
            if self._refusal and time.monotonic() < self._refusal[0]:
                raise self._refusal[
                    1
                ]  # those who waited for the lock need not try for as long again
            if time.monotonic() > self._token_until:
                try:
                    self._token, lifetime = self._sign_in(ENDPOINT)
                except AzureError as refusal:
                    self._refusal = (time.monotonic() + 5, refusal)
                    raise
                self._token_until = time.monotonic() + lifetime - 120
            return self._token

    def cancel(self) -> None:
        """Stop waiting for anything."""
        self.cancelled.set()

    def close(self) -> None:
        """Give up the connections."""
        self._http.close()

    def _sign_in(self, audience: str) -> tuple[str, float]:
        url, form = sign_in_request(self.config, audience)
        return read_token(self._retry(lambda: self._http.post(url, data=form), "sign-in"))

    def _send(self, method: str, url: httpx.URL, body: dict[str, Any] | None) -> httpx.Response:
        def once() -> httpx.Response:
            headers = {"Authorization": f"Bearer {self.token()}", "Accept": "application/json"}
            with self._slots:
                return self._http.request(method, url, json=body, headers=headers)

        return self._retry(once, url.path)

    def _retry(self, once: Callable[[], httpx.Response], resource: str) -> httpx.Response:
        """Repeat what may pass next time; every request of ours can be repeated without harm."""

        def attempt() -> httpx.Response:
            self._check_cancelled()
            response = once()
            if response.status_code in RETRIED:
                raise _TransientError(response)
            return response

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type((httpx.TransportError, _TransientError)),
            wait=_wait,
            stop=self._enough,
            sleep=self._pause,
            reraise=True,
        )
        try:
            return retrying(attempt)
        except _TransientError as last:
            return last.response
        except httpx.TransportError as error:
            cause = str(error) or type(error).__name__
            message = (
                f"no answer from Azure: {cause}; whether the request took effect is not known."
                " See that Azure can be reached (`azlocal status`), then run again"
            )
            raise AzureError(0, "ConnectionError", message, resource) from error

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, httpx.ConnectError | httpx.ProxyError):
            # what refuses connections is down, not busy: give it a short while only
            return _seconds(state) > self.patience / 12
        if isinstance(error, _TransientError) and error.response.status_code == 500:
            return state.attempt_number >= 4  # an internal error that repeats is no hiccup
        return _seconds(state) > self.patience

    def _pause(self, seconds: float) -> None:
        self.cancelled.wait(seconds)
        self._check_cancelled()

    def _check_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise CancelledError

    def _follow(
        self, first: httpx.Response, path: str, version: str, method: str, monitor: str
    ) -> dict[str, Any]:
        """Poll a long-running operation to its end and return its result."""
        deadline = time.monotonic() + OPERATION_PATIENCE
        wait = retry_after(first) or 1.0
        asynchronous = "azure-asyncoperation" in first.headers
        while time.monotonic() < deadline:
            self._pause(wait)
            response = self._send("GET", httpx.URL(monitor), None)
            if response.status_code >= 400:
                raise failure_of(response, path)
            found = body_of(response)
            status = str(found.get("status", "")).lower() if asynchronous else ""
            if status in {"failed", "canceled", "cancelled"}:
                raise operation_failure(found, path, response.status_code)
            if status == "succeeded" or (not asynchronous and response.status_code != 202):
                if method in {"PUT", "PATCH"}:
                    return self.get(path, version) or {}
                return found.get("properties", found) if asynchronous else found
            wait = retry_after(response) or min(wait * 1.5, 30.0)
        raise AzureError(
            504, "OperationTimeout", f"Azure did not finish within {OPERATION_PATIENCE:.0f} s", path
        )

    def _settled(self, path: str, version: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Wait for a resource whose answer says that it is still being made."""
        deadline, wait = time.monotonic() + OPERATION_PATIENCE, 0.5
        while (state := state_of(answer)) and state not in FINISHED and time.monotonic() < deadline:
            if state not in {
                "creating",
                "updating",
                "accepted",
                "running",
                "provisioning",
                "inprogress",
                "pending",
            }:
                break
            self._pause(wait)
            wait = min(wait * 2, 30.0)
            answer = self.get(path, version) or answer
        if state_of(answer) in {"failed", "canceled"}:
            raise AzureError(
                200, "ProvisioningFailed", f"provisioningState is {state_of(answer)}", path
            )
        return answer


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = retry_after(error.response) if isinstance(error, _TransientError) else 0.0
    return min(asked or 0.25 * 2 ** (state.attempt_number - 1), 30.0)


def _seconds(state: tenacity.RetryCallState) -> float:
    return time.monotonic() - state.start_time
