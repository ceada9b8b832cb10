"""What travels inside a registered model beside its bytes: the verdict that let it in, its card."""

import shutil
from pathlib import Path

from ml.errors import TaskError

FOLDER = "evidence"
VERDICT, CARDS = "verdict.json", ("card.md", "card.html")
# Exactly these are outside a model's digest: the verdict names the digest, the card the verdict.
NAMES = frozenset(f"{FOLDER}/{name}" for name in (VERDICT, *CARDS))


def attach(model: Path, verdict: Path, card: Path | None, to: Path) -> Path:
    """Copy a model's folder to another with its evidence inside, and return that.

    Raises:
        TaskError: the model brings evidence of its own, or a file of it is missing.
    """
    if (model / FOLDER).exists():
        raise TaskError(f"{model} holds {FOLDER}/ before it is registered; give what train wrote")
    shutil.copytree(model, to, ignore=shutil.ignore_patterns("__pycache__"))
    (to / FOLDER).mkdir()
    parts = [verdict / VERDICT, *(card / name for name in CARDS if card)]
    for part in parts:
        if not part.is_file():
            raise TaskError(f"{part.parent} has no {part.name}; give what its step wrote")
        shutil.copyfile(part, to / FOLDER / part.name)
    return to


def verdict(model: Path) -> bytes:
    """Return the verdict that a registered model brings, unchecked.

    Raises:
        TaskError: it brings none: it was registered past the gate.
    """
    path = model / FOLDER / VERDICT
    if not path.is_file():
        raise TaskError(
            f"the model holds no {FOLDER}/{VERDICT}: it was registered past the gate; archive it, "
            "and let `mlops train` register one"
        )
    return path.read_bytes()
