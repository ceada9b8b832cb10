"""What a deployment scales within, as a stack exports it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ml.errors import PlatformError

OUTPUT = "autoscale"


@dataclass(frozen=True)
class Limits:
    """Instances from and to, and the average CPU in percent that adds or removes one."""

    min_instances: int
    max_instances: int
    scale_out_cpu_percent: int
    scale_in_cpu_percent: int

    @classmethod
    def read(cls, found: object) -> Self:
        """Read a stack's output.

        Raises:
            PlatformError: it is not what this version of the platform exports.
        """
        names = cls.__dataclass_fields__
        if isinstance(found, Mapping) and set(found) == set(names):
            return cls(**{str(name): int(value) for name, value in found.items()})
        raise PlatformError(
            f"the stack's output {OUTPUT} is {found!r}, wanted: {', '.join(names)}; it was "
            "deployed by another version of the platform, run `make up` again"
        )
