"""Refused sign-ins, as Entra words them."""


class SignInError(Exception):
    """A refused sign-in, with the code that Entra gives it."""

    def __init__(self, status: int, error: str, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {
            "error": error,
            "error_description": f"{code}: {message}",
            "error_codes": [int(code.removeprefix("AADSTS"))],
        }
