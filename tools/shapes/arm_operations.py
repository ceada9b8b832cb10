"""Reads the operations of azure-mgmt packages: method, URL template, body and answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.shapes.arm_models import Models

BLOCK = re.compile(r"^(?:def|class) (\w+)", re.MULTILINE)
METHOD = re.compile(r'method="(\w+)"')
TEMPLATE = re.compile(r'_url = (?:kwargs\.pop\(\s*"template_url",\s*)?"([^"]*)"')
API_VERSION = re.compile(
    r'"api[-_]version", (?:"([\w-]+)"|_params\.pop\("api-version", "([\w-]+)"\))'
)
QUERY = re.compile(r'_params\["([^"]+)"\] = ')
FUNCTION = re.compile(r"^    def (\w+)\((.*?)\) -> (.*?):\n", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"\b(build_\w+_request)\(")
BODY = re.compile(r"\b\w+: (?:Optional\[\s*)?(?:Union\[\s*)?\"?_models\.(?:_models\.)?(\w+)")
ANSWER = re.compile(r"_models\.(?:_models\.)?(\w+)")


@dataclass(frozen=True)
class Operation:
    """One HTTP operation of a resource provider."""

    package: str
    group: str  # the operations class, for instance StorageAccountsOperations
    name: str
    method: str
    path: str
    version: str
    body: str
    answer: str
    query: tuple[str, ...]

    @property
    def parameters(self) -> list[str]:
        """Return the placeholders of the path in order."""
        return re.findall(r"\{(\w+)\}", self.path)


@dataclass
class Package:
    """One version of one azure-mgmt package."""

    name: str
    folder: Path
    operations: list[Operation]
    _models: Models | None = None

    @property
    def models(self) -> Models:
        """Return the package's models, read on first use."""
        if self._models is None:
            self._models = Models(self.name, self.folder)
        return self._models


def read_package(name: str, folder: Path) -> Iterator[Package]:
    """Yield each version that a package holds."""
    for operations in sorted(folder.rglob("operations")):
        if "aio" in operations.parts:
            continue
        home = operations.parent
        label = f"{name}.{home.name}" if home.name.startswith("v2") else name
        found = [
            operation
            for path in sorted(operations.glob("*_operations.py"))
            for operation in read_operations(label, path.read_text())
        ]
        yield Package(label, home, found)


def read_operations(package: str, source: str) -> Iterator[Operation]:
    """Yield the operations of one file."""
    blocks = list(BLOCK.finditer(source))
    requests: dict[str, str] = {}
    for here, after in zip(blocks, [*blocks[1:], None], strict=True):
        text = source[here.start() : after.start() if after else len(source)]
        if here[1].startswith("build_"):
            requests[here[1]] = text
        elif here[1].endswith("Operations") or here[1].endswith("OperationsMixin"):
            yield from _methods(package, here[1], text, requests)


def _methods(package: str, group: str, text: str, requests: dict[str, str]) -> Iterator[Operation]:
    found = list(FUNCTION.finditer(text))
    answers: dict[str, str] = {}
    for here in found:
        if answer := ANSWER.search(here[3]):
            answers.setdefault(here[1].removeprefix("begin_"), answer[1])
    for here, after in zip(found, [*found[1:], None], strict=True):
        inside = text[here.end() : after.start() if after else len(text)]
        call = CALL.search(inside)
        request = requests.get(call[1], "") if call else ""
        template, method = TEMPLATE.search(request), METHOD.search(request)
        if template is None or method is None:
            continue
        plain = here[1].removeprefix("begin_").removeprefix("_").removesuffix("_initial")
        body = BODY.search(here[2])
        version = API_VERSION.search(request)
        yield Operation(
            package,
            group,
            plain,
            method[1],
            template[1],
            (version[1] or version[2]) if version else "",
            body[1] if body else "",
            answers.get(plain, ""),
            tuple(name for name in QUERY.findall(request) if name != "api-version"),
        )
