"""The pack's own settings file: what unknown values do, by severity and environment."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from policies.engine.levels import UNKNOWN_BY_SEVERITY, Environment, Levels, Severity
from policies.engine.rule import Rule
from policies.engine.settings import WORDS

FILE = Path(__file__).parents[1] / "settings.yaml"


class ConfigurationError(ValueError):
    """The settings file says something that is not understood."""


def configured(rules: Iterable[Rule], path: Path = FILE) -> tuple[Rule, ...]:
    """The rules with what the file says of unknown values, save those that say it themselves."""
    table = _unknown(path)
    return tuple(
        replace(rule, unknown=table[rule.severity])
        if rule.unknown is UNKNOWN_BY_SEVERITY[rule.severity]
        else rule
        for rule in rules
    )


def _unknown(path: Path) -> Mapping[Severity, Levels]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    said = _table(content, f"{path}", ("unknown",)).get("unknown")
    by_severity = _table(said or {}, f"{path}: unknown", tuple(Severity))
    table = dict(UNKNOWN_BY_SEVERITY)
    for severity, entry in by_severity.items():
        place = f"{path}: unknown.{severity}"
        levels = dict(table[Severity(severity)])
        for environment, word in _table(entry, place, tuple(Environment)).items():
            if not isinstance(word, str) or word not in WORDS:
                raise ConfigurationError(
                    f"{place}.{environment} is {word!r}; want one of {', '.join(WORDS)}"
                )
            levels[Environment(environment)] = WORDS[word]
        table[Severity(severity)] = levels
    return table


def _table(value: object, place: str, keys: tuple[str, ...]) -> Mapping[str, object]:
    odd = [str(key) for key in value if key not in keys] if isinstance(value, dict) else [""]
    if not isinstance(value, dict) or odd:
        what = f"has {', '.join(odd)}" if isinstance(value, dict) else f"is {value!r}"
        raise ConfigurationError(f"{place} {what}; want an object with only {', '.join(keys)}")
    return {str(key): inner for key, inner in value.items()}
