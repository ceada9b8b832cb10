"""Sticky assignment: the same entity meets the same model for as long as a comparison runs.

An Azure endpoint draws the deployment anew for each request. Where a comparison needs the same one
for each customer, the caller asks for `arm` and names the deployment in the request's header
`azureml-model-deployment`; the endpoint's own shares stay with the champion.
"""

import hashlib
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from ml.release.document import Document

_SPACE = 1 << 64


class Arm(StrEnum):
    """The two sides of a release."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


class Split(Document):
    """Which share of all entities meets the challenger; the salt makes each release's own draw."""

    salt: Annotated[str, Field(min_length=1)]
    share: Annotated[int, Field(ge=1, le=99)]

    def arm(self, entity: str) -> Arm:
        """Return the entity's side; raising the share never moves one back to the champion."""
        key = f"{len(self.salt)}:{self.salt}{entity}".encode()
        place = int.from_bytes(hashlib.sha256(key).digest()[:8], "big")
        return Arm.CHALLENGER if place * 100 < self.share * _SPACE else Arm.CHAMPION
