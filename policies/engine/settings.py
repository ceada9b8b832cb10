"""Parameters of rules: declared with a schema and a default, read with a type."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from policies.engine.levels import Environment, Level


class SettingError(ValueError):
    """A parameter's value has the wrong type."""


Default: TypeAlias = bool | float | str | list[str]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a rule."""

    description: str
    default: Default
    schema: Mapping[str, object]
    """Its JSON schema, without description and default."""

    def as_json_schema(self) -> dict[str, object]:
        return {**self.schema, "description": self.description, "default": self.default}


# What a setting says of unknown values; the levels' own names are understood as well.
WORDS: Mapping[str, Level] = {
    "warn": Level.ADVISORY,
    "stop": Level.MANDATORY,
    **{level.value: level for level in Level},
}

COMMON: Mapping[str, Parameter] = {
    "environment": Parameter(
        "Which levels hold; empty: decided by the stack's tags, then its name.",
        "",
        {"type": "string", "enum": ["", *Environment]},
    ),
    "unknown": Parameter(
        "What a value does that is not known at preview: warn, stop; empty: as the pack's settings "
        "say for the rule's severity and the environment.",
        "",
        {"type": "string", "enum": ["", *WORDS]},
    ),
}


def texts(description: str, *default: str) -> Parameter:
    """A parameter that is a list of strings."""
    return Parameter(description, list(default), {"type": "array", "items": {"type": "string"}})


@dataclass(frozen=True)
class Settings:
    """A rule's parameters: what is configured, else the default."""

    rule: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    configured: Mapping[str, object] = field(default_factory=dict)

    def text(self, name: str) -> str:
        value = self._value(name)
        if not isinstance(value, str):
            raise self._error(name, "a string")
        return value

    def number(self, name: str) -> float:
        value = self._value(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(name, "a number")
        return value

    def texts(self, name: str) -> list[str]:
        value = self._value(name)
        if not isinstance(value, list):
            raise self._error(name, "a list of strings")
        found = [item for item in value if isinstance(item, str)]
        if len(found) != len(value):
            raise self._error(name, "a list of strings")
        return found

    def flag(self, name: str) -> bool:
        value = self._value(name)
        if not isinstance(value, bool):
            raise self._error(name, "true or false")
        return value

    def checked(self, name: str) -> Default:
        """The value, if its schema allows it; SettingError says what is wanted."""
        parameter = self.parameters.get(name) or COMMON[name]
        default, schema = parameter.default, parameter.schema
        if isinstance(default, list):
            texts = self.texts(name)
            for text in texts:
                self._hold(name, text, schema.get("items"))
            return texts
        if isinstance(default, bool):
            return self.flag(name)
        value = self.text(name) if isinstance(default, str) else self.number(name)
        self._hold(name, value, schema)
        return value

    def _hold(self, name: str, value: float | str, schema: object) -> None:
        """What schemas of rules say beside the type; the engine looks at it by itself."""
        wanted: Mapping[object, object] = schema if isinstance(schema, Mapping) else {}
        allowed, least, pattern = (wanted.get(key) for key in ("enum", "minimum", "pattern"))
        if isinstance(allowed, list) and value not in allowed:
            words = ", ".join(str(one) for one in allowed if one)
            raise SettingError(f"{self.rule}.{name} is {value!r}; want one of {words}")
        if isinstance(least, int | float) and isinstance(value, int | float) and value < least:
            raise SettingError(f"{self.rule}.{name} is {value:g}; want {least:g} or more")
        if isinstance(pattern, str) and not re.search(pattern, str(value)):
            raise SettingError(f"{self.rule}.{name} is {value!r}; want a text that fits {pattern}")

    def _value(self, name: str) -> object:
        value = self.configured.get(name)
        return (self.parameters.get(name) or COMMON[name]).default if value is None else value

    def _error(self, name: str, wanted: str) -> SettingError:
        kind = type(self._value(name)).__name__
        return SettingError(
            f"{self.rule}.{name} is a {kind}; give {wanted} in the policy pack's configuration"
        )
