"""Which code a pipeline was built from: the commit where git knows it, and always the content."""

import hashlib
import shutil
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).parent
# As in .amlignore: what runs nowhere else, and what Azure ML puts beside the code of a job.
LOCAL = ("cli", "outputs", "logs", "user_logs", "azureml-logs", "system_logs")


def current() -> str:
    """Return the version, such as `1f2e3d4c5b6a+changes/code:9b62…`: one word of a command line."""
    return "/".join([*commit(), f"code:{content()}"])


def commit() -> list[str]:
    """Return the commit, marked where files below ml/ differ from it; nothing without git."""
    git = shutil.which("git")
    if git is None:
        return []
    found = _ask(git, "rev-parse", "--short=12", "HEAD")
    if not found:
        return []
    changed = _ask(git, "status", "--porcelain", "--", str(PACKAGE))
    return [f"{found}+changes" if changed else found]


def content() -> str:
    """Return the digest of the files that are sent to run."""
    total = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        relative = path.relative_to(PACKAGE)
        if path.is_file() and "__pycache__" not in path.parts and relative.parts[0] not in LOCAL:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{relative.as_posix()} {digest}\n".encode())
    return total.hexdigest()[:16]


def _ask(git: str, *words: str) -> str:
    answer = subprocess.run(
        [git, "-C", str(PACKAGE), *words], capture_output=True, text=True, check=False, timeout=30
    )
    return answer.stdout.strip() if answer.returncode == 0 else ""
