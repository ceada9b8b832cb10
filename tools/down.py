"""`python -m tools.down STACK`: delete a stack so that it can come up again at once."""

import argparse
import json
import subprocess
import sys

KEY = "generation"


def main() -> int:
    """Destroy the stack, then choose names that no deleted vault or workspace holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stack", help="dev, staging or prod")
    stack = parser.parse_args().stack
    ended = _pulumi("destroy", "--yes", "--stack", stack)
    if ended:
        print(
            f"{stack} was not deleted completely (see above). What is protected holds data: to "
            f"give it up, set `protect: false` in Pulumi.{stack}.yaml, waive the rule "
            "data-protected-in-prod in policies/waivers.yaml where it applies, and run `make up "
            f"STACK={stack}`, which takes the protection and the locks away, then this again.",
            file=sys.stderr,
        )
        return ended
    following = _generation(stack) + 1
    ended = _pulumi("config", "set", KEY, str(following), "--stack", stack)
    if ended == 0:
        print(
            "Azure keeps the names of deleted vaults and workspaces for some days (docs/adr/0004). "
            f"Pulumi.{stack}.yaml now has {KEY}: {following}, so that `make up STACK={stack}` "
            "works at once: commit it."
        )
    return ended


def _generation(stack: str) -> int:
    shown = subprocess.run(
        ["pulumi", "config", "--json", "--stack", stack], capture_output=True, text=True, check=True
    )
    config: dict[str, dict[str, object]] = json.loads(shown.stdout)
    values = [entry["value"] for key, entry in config.items() if key.endswith(f":{KEY}")]
    return int(str(values[0])) if values else 1


def _pulumi(*words: str) -> int:
    return subprocess.run(["pulumi", *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
