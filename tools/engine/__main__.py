"""`python -m tools.engine`: get the Pulumi engine if it is missing, and say which one is used."""

import sys

from tools.engine.obtain import NoEngineError, obtain


def main() -> int:
    """Return 0 with the engine's place on standard output, 1 with the reason on standard error."""
    try:
        engine = obtain()
    except NoEngineError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"Pulumi {engine.version} ({engine.origin.value}): {engine.command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
