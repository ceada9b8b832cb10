"""Which earlier versions of a data asset a version is carried by."""

from collections.abc import Sequence

from ml.errors import PlatformError
from ml.workspace import DataVersion


def below(known: Sequence[DataVersion], version: DataVersion) -> tuple[str, ...]:
    """Follow what a version was carried by, down to one that stood alone; oldest first.

    Raises:
        PlatformError: one of them is not there, or they lead in a circle.
    """
    by_version = {one.version: one for one in known} | {version.version: version}
    chain: list[str] = []
    above, at = version.previous, version
    while above:
        if above not in by_version or above in {version.version, *chain}:
            raise PlatformError(
                f"{at.name}:{at.version} was carried by version {above}, which is not there or "
                "leads in a circle: give a folder with files for all tables"
            )
        chain.append(above)
        at = by_version[above]
        above = at.previous
    return tuple(f"azureml:{version.name}:{one}" for one in reversed(chain))
