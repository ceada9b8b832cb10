"""`python -m tools.generate [--check]`: write the generated files anew, or check them."""

import argparse
import subprocess
import sys

# Each is a module that takes --check, writes nothing then, and exits with 1 when stale.
GENERATORS = (
    "tools.shapes",
    "tools.docs.environments",
    "tools.docs.outputs",
    "tools.docs.policies",
    "ml.environments",
)


def main() -> int:
    """Return 0 if all files are fresh now, 1 if a generator failed or found stale ones."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")
    options = ["--check"] if parser.parse_args().check else []
    codes = [
        subprocess.run([sys.executable, "-m", module, *options], check=False).returncode
        for module in GENERATORS
    ]
    return 1 if any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
