"""What travels inside a registered model beside its bytes: verdict, card, monitors' reference."""

import shutil
from pathlib import Path

from ml.errors import TaskError

FOLDER = "evidence"
VERDICT, CARDS, REFERENCE = "verdict.json", ("card.md", "card.html"), "reference.json"
# Exactly these are outside a model's digest: the verdict names the digest, the card the verdict,
# and the reference holds what exactly this model said of the hold-out.
NAMES = frozenset(f"{FOLDER}/{name}" for name in (VERDICT, *CARDS, REFERENCE))


def attach(
    model: Path, verdict: Path, card: Path | None, to: Path, reference: Path | None = None
) -> Path:
    """Copy a model's folder to another with its evidence inside, and return that.

    Verdict, card and reference are the folders that their steps wrote.

    Raises:
        TaskError: the model brings evidence of its own, or a file of it is missing.
    """
    if (model / FOLDER).exists():
        raise TaskError(f"{model} holds {FOLDER}/ before it is registered; give what train wrote")
    shutil.copytree(model, to, ignore=shutil.ignore_patterns("__pycache__"))
    (to / FOLDER).mkdir()
    parts = [verdict / VERDICT, *(card / name for name in CARDS if card)]
    parts += [reference / REFERENCE] if reference else []
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
