"""An ordinary client of Azure Resource Manager: sign-in, retries, long-running operations."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import tenacity

from emulator.pulumi_provider.config import Config

ENDPOINT = "https://management.azure.com"
LOGIN = "https://login.microsoftonline.com"
PARALLEL = 16
PATIENCE = 180.0  # seconds that a request may be retried for
OPERATION_PATIENCE = 3600.0  # seconds that Azure may work on a long-running operation
RETRIED = frozenset({408, 429, 500, 502, 503, 504})
FINISHED = frozenset({"succeeded", "failed", "canceled", "cancelled"})


class AzureError(Exception):
    """Azure refused, or could not be reached."""

    def __init__(self, status: int, code: str, message: str, resource: str) -> None:
        super().__init__(status, code, message, resource)
        self.status, self.code, self.message, self.resource = status, code, message, resource

    def __str__(self) -> str:
        return f'Status={self.status} Code="{self.code}" Message="{self.message}" Resource="{self.resource}"'


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
        if (
            (monitor
            and response.status_code in {201, 202})
            or response.headers.get("azure-asyncoperation")
        ):
            return self._follow(response, path, version, method, str(monitor))
        return _object(response)

    def token(self, audience: str = ENDPOINT) -> str:
        """Return a bearer token; ARM's is kept until shortly before it ends."""
        if audience != ENDPOINT:
            return self._sign_in(audience)[0]
        with self._token_lock:
            if time.monotonic() > self._token_until:
                self._token, lifetime = self._sign_in(ENDPOINT)
                self._token_until = time.monotonic() + lifetime - 120
            return self._token

    def cancel(self) -> None:
        """Stop waiting for anything."""
        self.cancelled.set()

    def close(self) -> None:
        """Give up the connections."""
        self._http.close()

    def _sign_in(self, audience: str) -> tuple[str, float]:
        if missing := self.config.missing():
            raise AzureError(
                401,
                "CredentialMissing",
                f"cannot sign in to Azure without {', '.join(missing)}; set azure-native:<name> in the stack's config"
                " or the ARM_* variables (`azlocal env` prints them)",
                "azure-native",
            )
        form = {
            "grant_type": "client_credentials",
            "client_id": self.config.client_id,
            "scope": audience.rstrip("/") + "/.default",
        }
        if self.config.use_oidc and not self.config.client_secret:
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            form["client_assertion"] = (
                self.config.oidc_token or Path(self.config.oidc_token_file).read_text().strip()
            )
        else:
            form["client_secret"] = self.config.client_secret
        url = f"{LOGIN}/{self.config.tenant_id}/oauth2/v2.0/token"
        response = self._retry(lambda: self._http.post(url, data=form), "sign-in")
        if response.status_code != 200:
            found = _object(response)
            raise AzureError(
                response.status_code, str(found.get("error", "AuthenticationFailed")),
                str(found.get("error_description", response.text[:300])), "login.microsoftonline.com",
            )  # fmt: skip
        found = _object(response)
        return str(found["access_token"]), float(found.get("expires_in", 3600))

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
            raise AzureError(
                0,
                "ConnectionError",
                f"no answer from Azure: {error or type(error).__name__}; whether the request took effect is not known."
                " Check that it is reachable (`azlocal status`) and run the command again",
                resource,
            ) from error

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
        wait = _retry_after(first) or 1.0
        asynchronous = "azure-asyncoperation" in first.headers
        while time.monotonic() < deadline:
            self._pause(wait)
            response = self._send("GET", httpx.URL(monitor), None)
            if response.status_code >= 400:
                raise failure_of(response, path)
            found = _object(response)
            status = str(found.get("status", "")).lower() if asynchronous else ""
            if status in {"failed", "canceled", "cancelled"}:
                raise _operation_failure(found, path, response.status_code)
            if status == "succeeded" or (not asynchronous and response.status_code != 202):
                if method in {"PUT", "PATCH"}:
                    return self.get(path, version) or {}
                return found.get("properties", found) if asynchronous else found
            wait = _retry_after(response) or min(wait * 1.5, 30.0)
        raise AzureError(
            504, "OperationTimeout", f"Azure did not finish within {OPERATION_PATIENCE:.0f} s", path
        )

    def _settled(self, path: str, version: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Wait for a resource whose answer says that it is still being made."""
        deadline, wait = time.monotonic() + OPERATION_PATIENCE, 0.5
        while (state := _state(answer)) and state not in FINISHED and time.monotonic() < deadline:
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
        if _state(answer) in {"failed", "canceled"}:
            raise AzureError(
                200, "ProvisioningFailed", f"provisioningState is {_state(answer)}", path
            )
        return answer


def failure_of(response: httpx.Response, resource: str) -> AzureError:
    """Read Azure's error envelope."""
    found = _object(response)
    error = found.get("error", found)
    error = error if isinstance(error, dict) else {"message": str(error)}
    message = str(error.get("message") or response.text[:500] or response.reason_phrase)
    for detail in error.get("details") or ():
        if isinstance(detail, dict) and detail.get("message"):
            message += f" ({detail.get('code', 'detail')}: {detail['message']})"
    return AzureError(
        response.status_code, str(error.get("code", response.reason_phrase)), message, resource
    )


def _operation_failure(found: dict[str, Any], resource: str, status: int) -> AzureError:
    error = found.get("error") or {}
    message = str(error.get("message", f"the operation ended as {found.get('status')}"))
    return AzureError(status, str(error.get("code", found.get("status"))), message, resource)


def _object(response: httpx.Response) -> dict[str, Any]:
    if not response.content:
        return {}
    try:
        found = response.json()
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {"value": found}


def _state(answer: dict[str, Any]) -> str:
    properties = answer.get("properties")
    return (
        str(properties.get("provisioningState", "")).lower() if isinstance(properties, dict) else ""
    )


def _retry_after(response: httpx.Response) -> float:
    text = response.headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after(error.response) if isinstance(error, _TransientError) else 0.0
    return min(asked or 0.25 * 2 ** (state.attempt_number - 1), 30.0)


def _seconds(state: tenacity.RetryCallState) -> float:
    return time.monotonic() - state.start_time
