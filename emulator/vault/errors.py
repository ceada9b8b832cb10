"""Refusals in the form of Key Vault."""

from typing import Any


class VaultError(Exception):
    """A refusal with its status and code; `inner` is what clients read to tell refusals apart."""

    def __init__(self, status: int, code: str, message: str, inner: str = "") -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.inner = status, code, message, inner

    def body(self) -> dict[str, Any]:
        """Return the body of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.inner:
            error["innererror"] = {"code": self.inner}
        return {"error": error}


def bad(message: str) -> VaultError:
    """Return the refusal of a request that makes no sense."""
    return VaultError(400, "BadParameter", message)


def missing(word: str, name: str) -> VaultError:
    """Return the refusal for a key or secret that is not there."""
    return VaultError(
        404,
        f"{word.capitalize()}NotFound",
        f"A {word} with (name/id) {name} was not found in this key vault. If you recently deleted "
        f"this {word} you may be able to recover it using the correct recovery command.",
    )
