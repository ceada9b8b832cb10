"""Which registered version is the champion, told alike to those who compare and release."""

from collections.abc import Iterable

from ml.errors import TaskError
from ml.gates.outcome import Outcome
from ml.workspace import RegisteredModel

ROLE, CHAMPION = "role", "champion"  # the tag that a release sets, and a rollback moves
VERDICT = "verdict"


def champion(newest_first: Iterable[RegisteredModel]) -> RegisteredModel | None:
    """Return the version that a release made champion, else the newest that passed its gate."""
    versions = list(newest_first)
    named = [model for model in versions if model.tags.get(ROLE) == CHAMPION]
    if len(named) > 1:
        which = ", ".join(f"{model.name}:{model.version}" for model in named)
        raise TaskError(
            f"{which} are all tagged {ROLE}={CHAMPION}; one version can be, untag others"
        )
    passed = [model for model in versions if model.tags.get(VERDICT) == Outcome.PASS]
    return next(iter([*named, *passed]), None)
