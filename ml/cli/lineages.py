"""`mlops lineage`: what a model was made of, hashed again, and whether it is still the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml import lineage
from ml.archive import Archive
from ml.cli import console
from ml.lineage import Link, State
from ml.workspace import RegisteredModel

if TYPE_CHECKING:
    from ml.verdict.keys import TrustedKeys

_COLOURS = {State.HOLDS: "green", State.DIFFERS: "red", State.GONE: "yellow"}
_SHOWN = 48


@dataclass(frozen=True)
class Walked:
    """A model and each link of its lineage."""

    model: RegisteredModel
    links: Sequence[Link]

    @property
    def holds(self) -> bool:
        """Whether nothing differs from what is recorded; what is gone cannot differ."""
        return all(link.state is not State.DIFFERS for link in self.links)

    @property
    def document(self) -> dict[str, object]:
        """The lineage for programs."""
        return {
            "model": f"{self.model.name}:{self.model.version}",
            "holds": self.holds,
            "code": self.model.tags.get("code_version", ""),
            "links": [
                {
                    "what": link.what,
                    "state": link.state,
                    "recorded": link.recorded,
                    "found": link.found,
                }
                for link in self.links
            ],
        }


def find(archive: Archive, model: RegisteredModel, keys: "TrustedKeys") -> Walked:
    """Walk back from a model."""
    console.err.print(f"{model.name}:{model.version}: downloading what it was made of")
    return Walked(model, lineage.walk(archive, model, keys))


def show(found: Walked) -> None:
    """Print a line for each link; a difference in full."""
    rows = [
        (link.what, f"[{_COLOURS[link.state]}]{link.state}[/]", link.recorded[:_SHOWN])
        for link in found.links
    ]
    console.as_table(("link", "state", "recorded"), rows)
    console.out.print(f"code {found.model.tags.get('code_version', 'is not named')}", markup=False)
    for link in found.links:
        if link.state is not State.HOLDS:
            console.out.print(f"{link.what} {link.state}: {link.found}", markup=False)
