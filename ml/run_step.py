"""Start a step on Azure ML, where this folder is the working folder and not yet a package `ml`."""

import importlib.util
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> None:
    """Make this folder importable as `ml`, then run `ml.steps.<first argument>` as a program."""
    sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != HERE]
    spec = importlib.util.spec_from_file_location(
        "ml", HERE / "__init__.py", submodule_search_locations=[str(HERE)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{HERE} has no __init__.py; upload the whole folder ml/ as the code")
    package = importlib.util.module_from_spec(spec)
    sys.modules["ml"] = package
    spec.loader.exec_module(package)
    step = sys.argv.pop(1)
    runpy.run_module(f"ml.steps.{step}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
