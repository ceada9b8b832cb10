"""What releases read and write: frozen documents of plain JSON, known by their digest."""

import hashlib

from pydantic import BaseModel, ConfigDict

from ml.verdict import canonical


class Document(BaseModel):
    """Unknown keys are mistakes, nothing changes after it was read, and numbers are finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON: the same for the same content everywhere."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def content(self) -> bytes:
        """The canonical JSON of the document."""
        return canonical.encode(self.model_dump(mode="json"))
