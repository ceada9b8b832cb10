"""What a verdict is about, read from the folders themselves and from the process that judges."""

import hashlib
import platform
from importlib import metadata
from pathlib import Path

import yaml

from ml import mlflow_model
from ml.code_version import LOCAL
from ml.data import manifest
from ml.data.examples import ABOUT, DATA
from ml.errors import TaskError
from ml.verdict.document import Code, Environment, ModelContent
from ml.verdict.errors import VerdictError

PACKAGE = Path(__file__).parents[1]
SOURCES = frozenset({".py", ".yaml"})


def model_content(folder: Path) -> ModelContent:
    """Return the digest of a model's bytes and what it leaves out.

    The digest skips compiled Python, which may be written at any loading. Python runs compiled
    code in place of its source, so that a folder with some cannot be spoken for.
    """
    described = folder / "MLmodel"
    if not described.is_file():
        raise TaskError(f"{folder} has no MLmodel; give the folder that train wrote")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.name == "__pycache__" or path.suffix == ".pyc":
            raise VerdictError(
                f"the model holds {name}, compiled code that its digest does not cover; delete it"
            )
        if path.is_symlink():
            raise VerdictError(f"the model holds {name}, a link; a model folder holds plain files")
        if not name.isprintable():
            raise VerdictError(f"the model holds {name!r}, a name that could be read as two")
    try:
        found: object = yaml.safe_load(described.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaskError(f"MLmodel of the model is no YAML: {error}; train anew") from error
    values = found if isinstance(found, dict) else {}
    uuid, created = (values.get(name) for name in ("model_uuid", "utc_time_created"))
    if not (isinstance(uuid, str) and isinstance(created, str)):
        raise TaskError(
            f"MLmodel has model_uuid {uuid!r} and utc_time_created {created!r}, both are wanted; "
            "give the folder that train wrote"
        )
    return ModelContent(digest=mlflow_model.digest(folder), uuid=uuid, created=created)


def holdout_digest(folder: Path) -> str:
    """Return the digest of the hold-out's rows and of what describes them."""
    parts = [f"{name} {manifest.file_digest(folder / name)}" for name in (ABOUT, DATA)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def environment(reference: str) -> Environment:
    """Return the environment that this process runs in."""
    installed = {
        f"{found.metadata['Name'].lower().replace('_', '-')}=={found.version}"
        for found in metadata.distributions()
    }
    listing = "\n".join(sorted(installed))
    return Environment(
        reference=reference,
        python=platform.python_version(),
        packages_sha256=hashlib.sha256(listing.encode()).hexdigest(),
    )


def code(version: str, package: Path = PACKAGE) -> Code:
    """Return the code that this process runs, as far as it is sent to Azure ML."""
    listing = "\n".join(
        f"{path.relative_to(package).as_posix()} {manifest.file_digest(path)}"
        for path in sorted(package.rglob("*"))
        if path.suffix in SOURCES and path.relative_to(package).parts[0] not in LOCAL
    )
    return Code(version=version, sha256=hashlib.sha256(listing.encode()).hexdigest())
