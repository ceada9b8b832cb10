"""Releasing what retraining let in: once, where nobody has to agree, by whomever it was begun."""

from collections.abc import Callable
from dataclasses import dataclass

from ml.archive import Archive
from ml.promotion import ENVIRONMENTS
from ml.release import beginning
from ml.release.opening import Releases
from ml.release.patience import patiently
from ml.release.traffic import Traffic
from ml.retraining.policy import Approval
from ml.target import Target
from ml.workspace import DIGEST, Workspace

LAST = ENVIRONMENTS[-1]


@dataclass(frozen=True)
class Releaser:
    """Begins the release of a version with `start`, and says to `say` that it waits for somebody.

    Production takes only what staging has tested and signed for. `mlops release` looks at that
    result, in another stack; nothing that retrains by itself goes there.
    """

    target: Target
    task: str
    start: Callable[[str], object]
    say: Callable[[str], None]

    def __call__(self, reference: str) -> str | None:
        """Begin the release of a version if it was not; return how it ended, None before that."""
        workspace = Workspace(self.target.place)
        model = Archive(workspace).model(reference)
        name = beginning.deployment_of(model, model.tags[DIGEST])
        rooms = Releases(workspace, self.task, self.target.endpoint(self.task))
        # Released by whomever, and whatever was released since: once is enough.
        state = patiently(lambda: rooms.store.of_challenger(name))
        if state is not None:
            return None if state.active else str(state.ending)
        if patiently(rooms.endpoint.read).traffic == Traffic.all_to(name):
            return "it serves, as the first model there"
        if self.target.approval == Approval.REQUIRED or self.target.stack == LAST:
            stack = f" --stack {self.target.stack}" if self.target.stack else ""
            command = f"mlops release {reference}{stack} --approved-by NAME"
            self.say(f"{reference} passed and waits for somebody: `{command}`")
            return None
        self.start(reference)
        return None
