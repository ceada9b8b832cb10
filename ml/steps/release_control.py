"""Release control: one turn of the controller of an endpoint's release."""

import json
from collections.abc import Sequence
from pathlib import Path

from ml.errors import PlatformError
from ml.steps import command

DECISIONS = "decisions.json"


def control(task: str, endpoint: str, target: Path) -> int:
    """Take the steps that can be taken now; return how many decisions were made.

    No release, or another controller at work, is nothing to do. What is wanted was written down
    before an endpoint stopped answering, so that the next turn goes on with it.
    """
    from ml import place  # noqa: PLC0415  clients that --help does not need
    from ml.release.crowning import crown  # noqa: PLC0415  as above
    from ml.release.opening import Releases  # noqa: PLC0415  as above
    from ml.release.ports import BusyError, UnavailableError  # noqa: PLC0415  as above
    from ml.workspace import Workspace  # noqa: PLC0415  as above

    releases = Releases(Workspace(place.from_environment()), task, endpoint)
    try:
        if releases.store.load() is None:
            command.log.info("no release was begun on %s", endpoint)
            decisions = []
        else:
            went = releases.controller.advance()
            decisions = [decision.model_dump(mode="json") for decision in went.decisions]
            crown(releases.workspace, releases.endpoint)
    except BusyError as error:
        command.log.info("%s", error)
        decisions = []
    except UnavailableError as error:
        raise PlatformError(f"{endpoint} did not answer; the next turn goes on: {error}") from error
    for each in decisions:
        command.log.info("%s %s: %s", each["during"], each["verb"], each["reason"])
    (target / DECISIONS).write_text(json.dumps(decisions, indent=2) + "\n", encoding="utf-8")
    return len(decisions)


def main(arguments: Sequence[str]) -> None:
    """Read the command line and take a turn."""
    parser = command.parser("release_control", "Take the next steps of an endpoint's release.")
    parser.add_argument("--endpoint", required=True, help="online endpoint")
    parser.add_argument("--decisions", type=Path, required=True, help="folder to write to")
    given = parser.parse_args(arguments)
    control(given.task, given.endpoint, command.made(given.decisions))


if __name__ == "__main__":
    command.run(main)
