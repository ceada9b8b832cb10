"""Reads Azure's answers: errors, states, and how long to wait."""

from __future__ import annotations

import json
from typing import Any

import httpx


class AzureError(Exception):
    """Azure refused, or could not be reached."""

    def __init__(self, status: int, code: str, message: str, resource: str) -> None:
        super().__init__(status, code, message, resource)
        self.status, self.code, self.message, self.resource = status, code, message, resource

    def __str__(self) -> str:
        status = f"Status={self.status} " if self.status else ""
        return f'{status}Code="{self.code}" Message="{self.message}" Resource="{self.resource}"'


def failure_of(response: httpx.Response, resource: str) -> AzureError:
    """Read Azure's error envelope."""
    found = body_of(response)
    error = found.get("error", found)
    error = error if isinstance(error, dict) else {"message": str(error)}
    message = str(error.get("message") or response.text[:500] or response.reason_phrase)
    for detail in error.get("details") or ():
        if isinstance(detail, dict) and detail.get("message"):
            message += f" ({detail.get('code', 'detail')}: {detail['message']})"
    return AzureError(
        response.status_code, str(error.get("code", response.reason_phrase)), message, resource
    )


def operation_failure(found: dict[str, Any], resource: str, status: int) -> AzureError:
    """Read the end of a long-running operation that failed."""
    error = found.get("error") or {}
    message = str(error.get("message", f"the operation ended as {found.get('status')}"))
    return AzureError(status, str(error.get("code", found.get("status"))), message, resource)


def body_of(response: httpx.Response) -> dict[str, Any]:
    """Return the JSON object of an answer; empty when it has none."""
    if not response.content:
        return {}
    try:
        found = response.json()
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {"value": found}


def state_of(answer: dict[str, Any]) -> str:
    """Return a resource's provisioning state in lower case."""
    properties = answer.get("properties")
    return (
        str(properties.get("provisioningState", "")).lower() if isinstance(properties, dict) else ""
    )


def retry_after(response: httpx.Response) -> float:
    """Return how long Azure asks to wait; 0 when it does not say."""
    text = response.headers.get("retry-after", "")
    return float(text) if text.replace(".", "", 1).isdigit() else 0.0
