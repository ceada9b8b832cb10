"""Reads what pulumi-azure-native knows of a module: resources, types, enums and functions."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from shapes.grammar import ANY, Type

CLASS = re.compile(r"^class (\w+)\b.*?:$", re.MULTILINE)
GETTER = re.compile(
    r'@pulumi\.getter(?:\(name="([^"]+)"\))?\n'
    r'(?:\s+@_utilities\.deprecated\("""(?:.*?)"""\)\n)?'
    r'\s+def (\w+)\(self\) -> (.+):\n(?:\s+"""(.*?)""")?',
    re.DOTALL if False else 0,
)
CONST = re.compile(r"""pulumi\.set\(__self__, "(\w+)", '([^'\n]*)'\)""")
ENUM_VALUE = re.compile(r'^    [A-Z_0-9a-z]+ = (".*")$', re.MULTILINE)
VERSION = re.compile(r"Uses Azure REST API version ([\w-]+)\.")
TOKEN = re.compile(r"""super\(\w+, __self__\)\.__init__\(\s+'azure-native:(\w+):(\w+)'""")
INVOKE = re.compile(r"pulumi\.runtime\.invoke\('azure-native:(\w+):(\w+)'")
ARGUMENT = re.compile(r"__args__\['(\w+)'\] = (\w+)")
OUTPUT_PARAMETER = re.compile(
    r"^\s*(?:def \w+\()?(\w+): (pulumi\.Input\[.+\]) = None,?$", re.MULTILINE
)


@dataclass(frozen=True)
class Property:
    """A property under the engine's name, with its Python twin."""

    name: str
    python: str
    type: Type
    required: bool


@dataclass
class Resource:
    """A resource type of azure-native."""

    name: str
    version: str
    inputs: dict[str, Property]
    outputs: dict[str, Property]


@dataclass
class Function:
    """A function of azure-native (`getX`, `listXKeys`)."""

    name: str
    version: str
    inputs: dict[str, Property]
    outputs: dict[str, Property]


@dataclass
class Module:
    """All of one azure-native module."""

    name: str
    resources: dict[str, Resource] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    inputs: dict[str, dict[str, Property]] = field(default_factory=dict)
    outputs: dict[str, dict[str, Property]] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)


def package_folder() -> Path:
    """Return where pulumi_azure_native is installed, without importing it."""
    spec = importlib.util.find_spec("pulumi_azure_native")
    if spec is None or spec.origin is None:
        msg = "pulumi_azure_native is not installed; run `make deps` (requirements/dev.txt)"
        raise ModuleNotFoundError(msg)
    return Path(spec.origin).parent


def module_names() -> list[str]:
    """Return every module that holds resources or functions."""
    return sorted(path.parent.name for path in package_folder().glob("*/__init__.py"))


def read_module(name: str) -> Module:
    """Read one module's sources."""
    module = Module(name)
    folder = package_folder() / name
    enums = folder / "_enums.py"
    if enums.exists():
        for cls, text in classes(enums.read_text()):
            module.enums[cls] = [ast.literal_eval(value) for value in ENUM_VALUE.findall(text)]
    for path, table in (
        (folder / "_inputs.py", module.inputs),
        (folder / "outputs.py", module.outputs),
    ):
        if path.exists():
            for cls, text in classes(path.read_text()):
                if not cls.endswith("ArgsDict"):
                    table[base_name(cls)] = properties(text)
    for path in sorted(folder.glob("*.py")):
        if path.name not in {"_enums.py", "_inputs.py", "outputs.py", "__init__.py"}:
            read_file(path.read_text(), module)
    return module


def read_file(source: str, module: Module) -> None:
    """Add the resource or function that a file defines."""
    version = VERSION.search(source)
    api = version[1] if version else ""
    if token := TOKEN.search(source):
        name = token[2]
        found = dict(classes(source))
        module.resources[name] = Resource(
            name,
            api,
            properties(found.get(name + "InitArgs") or found.get(name + "Args", "")),
            properties(found.get(name, "")),
        )
    elif invoke := INVOKE.search(source):
        result = next((text for cls, text in classes(source) if cls.endswith("Result")), "")
        arguments = {python: wire for wire, python in ARGUMENT.findall(source)}
        types = dict(OUTPUT_PARAMETER.findall(source))
        inputs = {
            wire: Property(
                wire,
                python,
                read_type(types.get(python, "Any")),
                _function_needs(types.get(python, "")),
            )
            for python, wire in arguments.items()
        }
        module.functions[invoke[2]] = Function(invoke[2], api, inputs, properties(result))


def _function_needs(annotation: str) -> bool:
    # every argument of an invoke is optional once in the `_output` variant; an optional one twice
    return annotation.startswith("pulumi.Input[Optional[") and not annotation.startswith(
        "pulumi.Input[Optional[Optional["
    )


def classes(source: str) -> Iterator[tuple[str, str]]:
    """Yield each class's name and text."""
    found = list(CLASS.finditer(source))
    for here, after in zip(found, [*found[1:], None], strict=True):
        yield here[1], source[here.start() : after.start() if after else len(source)]


def base_name(cls: str) -> str:
    """`SkuArgs` and `SkuResponse` are two sides of `Sku`."""
    return cls.removesuffix("Args").removesuffix("Response")


def properties(text: str) -> dict[str, Property]:
    """Read the properties of a class from its getters."""
    constants = dict(CONST.findall(text))
    result: dict[str, Property] = {}
    for wire, python, annotation, _ in GETTER.findall(text):
        name = wire or python
        kind = Type("const", constants[python]) if python in constants else read_type(annotation)
        result[name] = Property(name, python, kind, not _optional(annotation))
    return result


def _optional(annotation: str) -> bool:
    return annotation.startswith(("pulumi.Input[Optional[", "pulumi.Output[Optional[", "Optional["))


@lru_cache(maxsize=65536)
def read_type(annotation: str) -> Type:
    """Turn a Python annotation of the SDK into a type of ours."""
    return _read(ast.parse(annotation, mode="eval").body)


_SCALARS = {"str": "str", "bool": "bool", "int": "int", "float": "num", "Any": "any"}
_SCALARS |= {"Asset": "asset", "Archive": "asset"}


def _read(node: ast.expr) -> Type:
    match node:
        case ast.Subscript(value=head, slice=inside):
            name = _last(head)
            parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
            if name in {"Input", "Output", "Optional"}:
                return _read(parts[0])
            if name == "Sequence":
                return Type("list", items=(_read(parts[0]),))
            if name == "Mapping":
                return Type("map", items=(_read(parts[1]),))
            if name == "Union":
                return _union([_read(part) for part in parts])
        case ast.Constant(value=str() as text):
            last = text.rsplit(".", 1)[-1]
            if last.endswith(("Args", "Response")) or "outputs." in text:
                return Type("object", base_name(last))
            return Type("enum", last)
        case ast.Name() | ast.Attribute():
            return Type(_SCALARS.get(_last(node), "any"))
    return ANY


def _union(members: list[Type]) -> Type:
    distinct = list(dict.fromkeys(members))
    enums = [item for item in distinct if item.kind == "enum"]
    if len(distinct) == 2 and len(enums) == 1 and Type("str") in distinct:
        return Type("enum", enums[0].name, open=True)
    if all(item.kind == "asset" for item in distinct):
        return Type("asset")
    if all(item.kind == "object" for item in distinct):
        return distinct[0] if len(distinct) == 1 else Type("union", items=tuple(distinct))
    return ANY


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
