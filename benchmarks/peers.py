"""What we are measured against, each in an environment of its own, made once a lock."""

from pathlib import Path

from platformdirs import user_cache_path
from uv import find_uv_bin

from benchmarks.measure import ROOT, run


def python_of(name: str) -> Path:
    """Return the interpreter of the environment that `requirements/NAME.txt` asks for."""
    lock = ROOT / "requirements" / f"{name}.txt"
    environment = user_cache_path("azure-mlops") / "peers" / name
    python, mark = environment / "bin" / "python", environment / "installed.txt"
    if python.is_file() and mark.is_file() and mark.read_text("utf-8") == lock.read_text("utf-8"):
        return python
    uv = find_uv_bin()
    run([uv, "venv", "--quiet", "--clear", "--python", "3.11", environment])
    run([uv, "pip", "install", "--quiet", "--require-hashes", "--python", environment, "-r", lock])
    mark.write_text(lock.read_text("utf-8"), "utf-8")
    return python
