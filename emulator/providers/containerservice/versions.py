"""The versions of Kubernetes that clusters and their pools may have."""

from emulator.arm.errors import ArmError
from emulator.providers.checks import bad

# The newest patch of each minor version that the local Azure runs.
_PATCHES = {
    "1.31": "1.31.13",
    "1.32": "1.32.10",
    "1.33": "1.33.6",
    "1.34": "1.34.2",
    "1.35": "1.35.1",
}
DEFAULT = "1.33"
_MOST_BEHIND = 3  # minors that a pool may lag behind its control plane


def exact(version: object, path: str, location: str) -> str:
    """Return the full version that a minor or full version means.

    Raises:
        ArmError: 400: there is no such version.
    """
    text = str(version)
    minor, _, patch = text.rpartition(".") if text.count(".") == 2 else (text, "", "")
    newest = _PATCHES.get(minor)
    if newest is None or (patch and not _is_patch_of(patch, newest)):
        raise bad(
            path,
            f"Version {text} is not supported in region {location}; '{path}' wants one of "
            f"{', '.join(_PATCHES)}, or a patch of one of them, at most its newest.",
            "K8sVersionNotSupported",
        )
    return text if patch else newest


def _is_patch_of(patch: str, newest: str) -> bool:
    return patch.isdigit() and int(patch) <= int(newest.rpartition(".")[2])


def numbers(version: str) -> tuple[int, ...]:
    """Return a full version as numbers that compare."""
    return tuple(int(part) for part in version.split("."))


def check_upgrade(before: str, after: str, name: str) -> None:
    """Refuse a way back, and a jump over a minor version.

    Raises:
        ArmError: 400.
    """
    old, new = numbers(before), numbers(after)
    if new < old or new[1] > old[1] + 1:
        why = "an older version" if new < old else "more than one minor version ahead"
        raise ArmError(
            400,
            "OperationNotAllowed",
            f"Upgrading Kubernetes version {before} of '{name}' to {after} is not allowed: it is "
            f"{why}. Wanted: a version of {old[0]}.{old[1]} or {old[0]}.{old[1] + 1}.",
            "properties.kubernetesVersion",
        )


def check_pool(pool: str, control_plane: str, path: str) -> None:
    """Refuse a pool that is ahead of its control plane, or too far behind.

    Raises:
        ArmError: 400.
    """
    mine, its = numbers(pool), numbers(control_plane)
    if mine > its or its[1] - mine[1] > _MOST_BEHIND:
        raise bad(
            path,
            f"Node pool version {pool} and control plane version {control_plane} are incompatible; "
            f"'{path}' wants at most the control plane's version and no more than {_MOST_BEHIND} "
            "minor versions less.",
            "NodePoolMcVersionIncompatible",
        )
