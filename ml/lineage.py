"""Walking back from a registered model to what it was made of, hashing each thing again."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from ml import evidence, mlflow_model
from ml.archive import Archive
from ml.data import manifest
from ml.errors import PlatformError, TaskError
from ml.workspace import DIGEST, RegisteredModel

if TYPE_CHECKING:
    from ml.verdict.document import Verdict
    from ml.verdict.keys import TrustedKeys


class State(StrEnum):
    """What a second look found."""

    HOLDS = "holds"
    DIFFERS = "differs"
    GONE = "gone"


@dataclass(frozen=True)
class Link:
    """One thing that a model was made of: what is recorded of it, and what is there now."""

    what: str
    recorded: str
    state: State
    found: str = ""


def walk(archive: Archive, model: RegisteredModel, keys: "TrustedKeys") -> list[Link]:
    """Return each link of a model's lineage, looked at anew.

    The files of the model and of its data are downloaded and hashed; the verdict's signature is
    checked; environment and job are asked of the workspace.
    """
    tags = model.tags
    with tempfile.TemporaryDirectory(prefix="mlops-lineage-") as scratch:
        folder = archive.model_folder(model, Path(scratch) / "model")
        links = [_compared("model", tags.get(DIGEST, ""), mlflow_model.digest(folder))]
        verdict, link = _verdict(folder, model, keys)
        links.append(link)
        links.extend(_inside(folder, verdict, tags.get("data_version", "")))
        data = tags.get("data_asset", "")
        links.append(_asked("data", data, lambda: _data(archive, data, Path(scratch) / "data")))
    environment, job = tags.get("environment", ""), tags.get("job", "")
    links.append(_asked("environment", environment, lambda: _environment(archive, environment)))
    links.append(_asked("job", job, lambda: archive.workspace.job(job).name))
    return links


def _verdict(
    folder: Path, model: RegisteredModel, keys: "TrustedKeys"
) -> tuple["Verdict | None", Link]:
    from ml.verdict import releasing  # noqa: PLC0415  clients that --help does not need

    recorded = model.tags.get(releasing.SHA256, "")
    if not (folder / evidence.FOLDER / evidence.VERDICT).is_file():
        return None, Link("verdict", recorded, State.GONE, "the model brings none")
    try:
        found = releasing.explained(folder, model, keys)
    except TaskError as error:
        return None, Link("verdict", recorded, State.DIFFERS, str(error))
    return found, Link("verdict", recorded, State.HOLDS, f"{found.outcome}, {found.issued:%F}")


def _inside(folder: Path, verdict: "Verdict | None", version: str) -> Iterator[Link]:
    """Compare what model, tags and verdict say of the same data and code."""
    trained = mlflow_model.lineage(folder)
    yield _compared("data of the model", version, trained.data_version)
    if verdict is None:
        return
    yield _compared("data of the verdict", version, verdict.data.version)
    yield _compared("schema", trained.schema_sha256, verdict.data.schema_sha256)
    yield _compared("settings", trained.settings_sha256, verdict.data.settings_sha256)
    yield _compared("policy", verdict.policy_sha256, _policy(verdict.task))


def _policy(task: str) -> str:
    from ml.gates import policy  # noqa: PLC0415  as above

    return policy.load(task).sha256


def _data(archive: Archive, reference: str, folder: Path) -> str:
    """Download a data asset and return `name:version` with the version that its bytes have."""
    name, _, version = _plain(reference).partition(":")
    files = archive.data_files(name, version, folder)
    return f"{name}:{manifest.data_version(manifest.sources_of(files))}"


def _environment(archive: Archive, reference: str) -> str:
    name, _, version = _plain(reference).partition(":")
    found = archive.environment(name, version)
    return f"{found.name}:{found.version}"


def _plain(reference: str) -> str:
    return reference.removeprefix("azureml:")


def _asked(what: str, recorded: str, ask: Callable[[], str]) -> Link:
    if recorded in {"", "unknown", "none"}:
        return Link(what, recorded, State.GONE, "the model's tags do not name it")
    try:
        return _compared(what, _plain(recorded), ask())
    except (PlatformError, TaskError) as error:
        return Link(what, recorded, State.GONE, str(error))


def _compared(what: str, recorded: str, found: str) -> Link:
    return Link(what, recorded, State.HOLDS if recorded == found else State.DIFFERS, found)
