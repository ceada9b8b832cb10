"""Writes a generated document, or says that it is stale."""

import argparse
import sys
from pathlib import Path


def keep(target: Path, fresh: str, command: str) -> int:
    """Write a document anew; with --check on the command line return 1 if it is stale."""
    parser = argparse.ArgumentParser(description=f"Write docs/{target.name}.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if stale")
    if not parser.parse_args().check:
        target.parent.mkdir(exist_ok=True)
        target.write_text(fresh, "utf-8")
        return 0
    if target.exists() and target.read_text("utf-8") == fresh:
        return 0
    sys.stderr.write(f"docs/{target.name} is stale: run `{command}`\n")
    return 1
