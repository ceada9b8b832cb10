"""Starts the provider as the engine does: prints the port it listens on, and serves."""

from __future__ import annotations

import sys

from emulator.pulumi_provider.service import VERSION, serve


def main() -> int:
    """Serve until the engine ends; `--version` prints the version that is imitated."""
    arguments = [item for item in sys.argv[1:] if not item.startswith("-")]
    if "--version" in sys.argv[1:]:
        sys.stdout.write(f"v{VERSION}\n")
        return 0

    def say(port: str) -> None:
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    try:
        serve(arguments[0] if arguments else "", say)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
