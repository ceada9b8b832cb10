"""Digests of what is deployed: the same for the same content, so that nothing is made anew."""

import hashlib
from pathlib import Path

from ml import code_version

COMPONENTS = Path(__file__).parents[1] / "components"
PIPELINES = Path(__file__).parents[1] / "pipelines"
LENGTH = 12


def digest(*parts: str) -> str:
    """Return the version that some texts have together."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:LENGTH]


def graphs() -> str:
    """Return the digest of the files that join steps, which are sent nowhere themselves."""
    return digest(*(path.read_text(encoding="utf-8") for path in sorted(PIPELINES.glob("*.py"))))


def components() -> dict[str, str]:
    """Return the version of each component: of its file, and of the code that it sends along."""
    code = code_version.content()
    return {
        path.stem: digest(path.read_text(encoding="utf-8"), code)
        for path in sorted(COMPONENTS.glob("*.yaml"))
    }
