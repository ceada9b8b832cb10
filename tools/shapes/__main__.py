"""Generates the shapes data of the azure-native provider, or checks that it is fresh."""

from __future__ import annotations

import argparse
import sys

from tools.shapes.files import FOLDER, build, modules, render, stale


def main() -> int:
    """Generate or check; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.shapes", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a file is stale"
    )
    parser.add_argument(
        "--unmapped",
        action="store_true",
        help="write nothing; list the properties that no model places",
    )
    parser.add_argument("modules", nargs="*", help="azure-native modules; all when none is given")
    options = parser.parse_args()
    FOLDER.mkdir(parents=True, exist_ok=True)
    old: list[str] = []
    counts = dict.fromkeys(("types", "verified", "unmapped"), 0)
    for module in modules(options.modules):
        built = build(module)
        text = render(built)
        counts["types"] += len(built.resources)
        counts["verified"] += sum("unverified" not in entry for entry in built.resources.values())
        counts["unmapped"] += sum(map(len, built.unmapped.values()))
        if options.check:
            old += [module] if stale(module, text) else []
        elif not options.unmapped:
            (FOLDER / f"{module}.json").write_text(text)
        if options.unmapped:
            for key, names in sorted(built.unmapped.items()):
                print(f"{key}: {', '.join(names)}")
    print(
        f"{counts['types']} resource types, {counts['verified']} of them with an operation; "
        f"{counts['unmapped']} properties of those without a place in a model"
    )
    if old:
        print(f"stale: {', '.join(old)}; run `python -m tools.shapes` and commit", file=sys.stderr)
    return 1 if old else 0


if __name__ == "__main__":
    raise SystemExit(main())
