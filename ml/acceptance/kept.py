"""Where a signed result is kept: a data asset of the workspace, named after the model's bytes."""

import tempfile
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ml.acceptance.document import NAME
from ml.acceptance.errors import AcceptanceError
from ml.refusals import explained

if TYPE_CHECKING:
    from ml.archive import Archive
    from ml.workspace import DataVersion, RegisteredModel, Workspace


def asset(model: str, digest: str) -> str:
    """Return the name of the asset whose versions are the results for a model's bytes."""
    return f"acceptance-{model}-{digest[:16]}"


def keep(workspace: "Workspace", model: str, digest: str, folder: Path) -> "DataVersion":
    """Register the folder with the result; its version is its content, so that none is edited."""
    return workspace.ensure_data(
        asset(model, digest), folder, f"What was tested of {model} {digest[:16]}, signed."
    )


def newest(archive: "Archive", model: "RegisteredModel", digest: str) -> bytes:
    """Return the latest result, unchecked: the asset may be anyone's, the signature is not.

    Raises:
        AcceptanceError: nothing was tested.
    """
    from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415  takes seconds

    workspace, name = archive.workspace, asset(model.name, digest)
    title = f"{model.name}:{model.version}"
    with explained(workspace.place):
        try:
            known = list(workspace.client.data.list(name=name))
        except ResourceNotFoundError:
            known = []
    if not known:
        raise AcceptanceError(title, [f"{workspace.place} has no result for these bytes"])
    latest = max(known, key=_created)
    with tempfile.TemporaryDirectory(prefix="mlops-acceptance-") as scratch:
        folder = archive.data_files(name, str(latest.version), Path(scratch))
        found = sorted(folder.rglob(NAME))
        if not found:
            raise AcceptanceError(title, [f"data {name}:{latest.version} holds no {NAME}"])
        return found[0].read_bytes()


def _created(data: object) -> str:
    moment = getattr(getattr(data, "creation_context", None), "created_at", None)
    return moment.isoformat() if isinstance(moment, datetime) else str(moment or "")
