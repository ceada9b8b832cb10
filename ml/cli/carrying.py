"""Which earlier windows a training run carries over, so that only new raw files are sent."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ml.cli import raw_data
from ml.data import manifest
from ml.data_versions import below
from ml.errors import PlatformError
from ml.task import Task
from ml.workspace import DataVersion, Workspace

LATEST, NONE = "latest", "none"


def upload(
    workspace: Workspace, task: Task, folder: Path, wanted: str | None
) -> tuple[DataVersion, tuple[str, ...]]:
    """Register the raw files; return their version and the earlier ones below it, oldest first.

    `wanted` is a version, `latest` or `none`. Where it is not said, a folder with files for all
    tables stands alone, so that the same bytes give the same model whatever was there before; one
    that lacks a table is carried by the version that was the latest when it was first sent.
    """
    asset, alone = task.settings.data.asset, raw_data.is_whole(task, folder)
    with raw_data.named(task, folder, whole=alone or wanted == NONE) as files:
        version = manifest.data_version(manifest.sources_of(files))
        if wanted == NONE or (wanted is None and alone):
            previous, known = None, []
        else:
            known = workspace.data_versions(asset)
            previous = _chosen(known, asset, version, wanted)
        text = f"Raw files of the task {task.settings.name}."
        if previous is None:
            return workspace.ensure_data(asset, files, text), ()
        data = workspace.ensure_data(asset, files, text, previous)
    return data, below(known, replace(data, previous=previous))


def _chosen(known: Sequence[DataVersion], asset: str, version: str, wanted: str | None) -> str:
    """Return the version to carry over; once said of a version it stays, unless said again."""
    others = [one for one in known if one.version != version]
    if wanted in {None, LATEST}:
        mine = next((one for one in known if one.version == version), None)
        if wanted is None and mine and mine.previous:
            return mine.previous
        if others:
            return others[0].version
        raise PlatformError(
            f"there is no earlier version of {asset} to carry windows over from: give a folder "
            "with files for all tables"
        )
    if str(wanted) not in {one.version for one in others}:
        listed = ", ".join(one.version for one in others[:10]) or "none"
        raise PlatformError(f"{asset} has no other version {wanted}; it has: {listed}")
    return str(wanted)
