"""Reading a conda file as Azure ML sends it, down to what a virtual environment can hold."""

import hashlib
import re
from dataclasses import dataclass

import yaml

_PYTHON = re.compile(r"^python\s*(?P<spec>.*)$", re.IGNORECASE)
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
_EXACT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*(\[[^\]]*\])?\s*===?\s*[^\s;,*]+(\s*;.*)?$")
# Tools that every virtual environment brings or does not need.
_ALWAYS_THERE = frozenset({"pip", "setuptools", "wheel"})
# Changed when environments are built differently, so that old ones in the cache are not taken.
_RECIPE = "1"


class EnvironmentRefusedError(ValueError):
    """An environment that cannot be made here, with the reason."""


@dataclass(frozen=True)
class CondaFile:
    """The part of a conda file that decides the environment."""

    python: str | None
    requirements: tuple[str, ...]

    @property
    def pinned(self) -> bool:
        """Whether each requirement names one version."""
        return all(_EXACT.match(line) for line in self.requirements)

    def digest(self, series: str) -> str:
        """The name of the environment in the cache: same requirements and Python, same name."""
        text = "\n".join([_RECIPE, series, *sorted(self.requirements, key=str.lower)])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def read(text: str, series: str) -> CondaFile:
    """Read a conda file for Python `series` ("3.11"); what cannot be is refused by name."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        msg = f"the conda file is not YAML: {error}"
        raise EnvironmentRefusedError(msg) from error
    if not isinstance(document, dict) or not isinstance(document.get("dependencies"), list):
        msg = "the conda file has no list `dependencies`; give python and a pip section"
        raise EnvironmentRefusedError(msg)
    python: str | None = None
    pip: list[str] = []
    other: list[str] = []
    for item in document["dependencies"]:
        if isinstance(item, dict):
            pip += _pip_section(item)
            continue
        package = str(item).rpartition("::")[2].strip()
        if found := _PYTHON.match(package):
            python = found["spec"].strip() or None
        elif (name := _NAME.match(package)) is None or name[0].lower() not in _ALWAYS_THERE:
            other.append(package)
    if other:
        msg = (
            f"the conda packages {', '.join(other)} cannot be installed here; only python and pip"
            " requirements map to a virtual environment, so move them to the pip section"
        )
        raise EnvironmentRefusedError(msg)
    if python is not None and not python_matches(python, series):
        msg = (
            f"the conda file wants python {python}, but this machine runs steps on {series}; ask"
            f" for python={series}"
        )
        raise EnvironmentRefusedError(msg)
    return CondaFile(python, tuple(pip))


def _pip_section(item: dict) -> list[str]:
    unknown = [key for key in item if key != "pip"]
    if unknown or not isinstance(item.get("pip"), list):
        msg = (
            f"the conda file has a section {', '.join(map(str, item))}; only `pip` with a list is"
            " known"
        )
        raise EnvironmentRefusedError(msg)
    lines = [str(line).strip() for line in item["pip"]]
    for line in lines:
        if line.startswith("-"):
            msg = (
                f"the pip option {line!r} cannot be used here; list the requirements themselves,"
                " such as numpy==2.4.6"
            )
            raise EnvironmentRefusedError(msg)
        if _NAME.match(line) is None or "://" in line or " @ " in line:
            msg = f"{line!r} is not a requirement from the package index; give NAME==VERSION"
            raise EnvironmentRefusedError(msg)
    return lines


def python_matches(spec: str, series: str) -> bool:
    """Whether a version of python such as `=3.11`, `>=3.9,<3.13` or `3.11.*` allows `series`."""
    wanted = tuple(int(part) for part in series.split("."))
    return all(_clause(clause.strip(), wanted) for clause in spec.split(",") if clause.strip())


def _clause(clause: str, wanted: tuple[int, ...]) -> bool:
    found = re.match(r"^(?P<op>[=<>!~]*)\s*(?P<version>\d+(?:\.\d+)*)(?:\.\*)?(?:=.*)?$", clause)
    if found is None:
        return clause in ("*", "")
    version = tuple(int(part) for part in found["version"].split("."))
    have, given = wanted[: len(version)], version[: len(wanted)]
    match found["op"]:
        case ">=":
            return have >= given
        case ">":
            # a series is newer than 3.11.4 when one of its patch releases can be
            return have > given or (have == given and len(version) > len(wanted))
        case "<":
            return have < given or (have == given and len(version) > len(wanted))
        case "<=":
            return have <= given
        case "!=":
            return have != given
        case "~=":
            return have >= given and wanted[:1] == version[:1]
        case _:
            return have == given
