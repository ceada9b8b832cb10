"""What a model folder brings that could run: all but this repository's scorer is foreign.

MLflow imports the code in a model's folder, unpickles its pickles, and servers install its
requirements. All of that is named here before anything of it is run.
"""

import re
from pathlib import Path
from typing import cast

import yaml

from ml import tabular_scorer
from ml.errors import TaskError
from ml.mlflow_model import DATA, PINNED

SCORER = Path(tabular_scorer.__file__)
CODE = "code"
# Files that are read and never run; everything else could be code by another name.
PLAIN = frozenset({".json", ".yaml", ".txt", ".ubj", ".md", ".html", ".svg", ".png"})
FUNCTION = {"loader_module": SCORER.stem, "code": CODE, "data": DATA.as_posix()}
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==[0-9][0-9A-Za-z.+]*")
PLATFORM = re.compile(r"(python|pip|setuptools|wheel)([<>=]=?[0-9][0-9.]*)?")
CHANNELS = ["conda-forge"]


def found(model: Path) -> list[str]:
    """Return every piece of foreign code as a sentence; nothing for a model that train wrote."""
    described = model / "MLmodel"
    if not described.is_file():
        return ["there is no MLmodel file; give the folder that train wrote"]
    return [*_files(model), *_flavors(described), *_requirements(model)]


def _files(model: Path) -> list[str]:
    wrong: list[str] = []
    scorer = f"{CODE}/{SCORER.name}"
    for path in sorted(model.rglob("*")):
        name = path.relative_to(model).as_posix()
        if path.is_symlink():
            wrong.append(f"{name} is a link; a model folder holds plain files")
        elif path.is_dir() or name == "MLmodel":
            continue
        elif name == scorer:
            if path.read_bytes() != SCORER.read_bytes():
                wrong.append(f"{name} differs from this repository's {SCORER.name}; train anew")
        elif path.suffix not in PLAIN or name.startswith(f"{CODE}/"):
            wrong.append(f"{name} could be code; the only code of a model is {scorer}")
    return wrong


def _flavors(described: Path) -> list[str]:
    flavors = _mapping(_mapping(_read(described)).get("flavors"))
    if list(flavors) != ["python_function"]:
        named = ", ".join(flavors) or "none"
        return [f"MLmodel has the flavors {named}; python_function is wanted and no other"]
    function = _mapping(flavors["python_function"])
    return [
        f"MLmodel has {key} {function.get(key)!r}, wanted {value!r}"
        for key, value in FUNCTION.items()
        if function.get(key) != value
    ]


def _requirements(model: Path) -> list[str]:
    """Return what a server would install beyond the pinned packages that train names."""
    wrong: list[str] = []
    asked: list[tuple[str, object]] = []
    text, conda, python = (
        model / name for name in ("requirements.txt", "conda.yaml", "python_env.yaml")
    )
    if text.is_file():
        lines = text.read_text(encoding="utf-8").splitlines()
        asked += [(text.name, line.strip()) for line in lines if line.strip()]
    if conda.is_file():
        described = _mapping(_read(conda))
        if described.get("channels") != CHANNELS:
            wrong.append(f"{conda.name} has channels {described.get('channels')}, not {CHANNELS}")
        for each in _list(described.get("dependencies")):
            pins = _list(_mapping(each).get("pip")) if isinstance(each, dict) else [each]
            asked += [(conda.name, pin) for pin in pins]
    if python.is_file():
        described = _mapping(_read(python))
        names = ("build_dependencies", "dependencies")
        lines = [line for name in names for line in _list(described.get(name))]
        asked += [(python.name, line) for line in lines if line != f"-r {text.name}"]
    foreign = [(file, line) for file, line in asked if not _ours(line)]
    return wrong + [f"{file} asks for {line!r}, which train never writes" for file, line in foreign]


def _ours(line: object) -> bool:
    pin = PIN.fullmatch(str(line))
    return bool(PLATFORM.fullmatch(str(line)) or (pin and pin["name"] in PINNED))


def _read(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaskError(f"{path.name} of the model is no YAML: {error}; train anew") from error


def _mapping(found: object) -> dict[str, object]:
    return cast("dict[str, object]", found) if isinstance(found, dict) else {}


def _list(found: object) -> list[object]:
    return cast("list[object]", found) if isinstance(found, list) else []
