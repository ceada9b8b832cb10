"""`python -m ml.environments [--check]`: write the environments from their locks."""

import argparse
import sys
from pathlib import Path

from ml import environments

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Write what changed, or with --check only say what would."""
    parser = argparse.ArgumentParser(prog="python -m ml.environments", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail if stale")
    only_check = parser.parse_args().check
    components = {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(environments.COMPONENTS.glob("*.yaml"))
    }
    stale = False
    made = environments.generated(_lock(environments.STEPS), components)
    made |= environments.SERVING.generated(_lock(environments.SERVING))
    for path, text in made.items():
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale = True
        name = path.relative_to(ROOT)
        if only_check:
            sys.stderr.write(f"{name} is stale; run `python -m ml.environments`\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"wrote {name}\n")
    return int(stale and only_check)


def _lock(environment: environments.Environment) -> str:
    path = ROOT / "requirements" / f"{environment.lock}.txt"
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
