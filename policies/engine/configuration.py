"""The pack's own settings file: what unknown values do, and what holds in single projects."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from policies.engine.levels import UNKNOWN_BY_SEVERITY, Environment, Levels, Severity
from policies.engine.rule import Rule
from policies.engine.settings import WORDS, Default, SettingError, Settings

FILE = Path(__file__).parents[1] / "settings.yaml"


class ConfigurationError(ValueError):
    """The settings file says something that is not understood."""


def configured(rules: Iterable[Rule], path: Path = FILE) -> tuple[Rule, ...]:
    """The rules with what the file says of unknown values, save those that say it themselves."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} cannot be read: {error}") from error
    said = _table(content, f"{path}", ("unknown", "projects"))
    known = {rule.id: rule for rule in rules}
    unknown = _unknown(said.get("unknown"), f"{path}: unknown")
    projects = _projects(said.get("projects"), f"{path}: projects", known)
    return tuple(
        replace(
            rule,
            unknown=unknown[rule.severity]
            if rule.unknown is UNKNOWN_BY_SEVERITY[rule.severity]
            else rule.unknown,
            projects={name: one[rule.id] for name, one in projects.items() if rule.id in one},
        )
        for rule in known.values()
    )


def _unknown(said: object, place: str) -> Mapping[Severity, Levels]:
    by_severity = _table({} if said is None else said, place, tuple(Severity))
    table = dict(UNKNOWN_BY_SEVERITY)
    for severity, entry in by_severity.items():
        where = f"{place}.{severity}"
        levels = dict(table[Severity(severity)])
        for environment, word in _table(entry, where, tuple(Environment)).items():
            if not isinstance(word, str) or word not in WORDS:
                raise ConfigurationError(
                    f"{where}.{environment} is {word!r}; want one of {', '.join(WORDS)}"
                )
            levels[Environment(environment)] = WORDS[word]
        table[Severity(severity)] = levels
    return table


def _projects(
    said: object, place: str, known: Mapping[str, Rule]
) -> Mapping[str, Mapping[str, Mapping[str, Default]]]:
    projects = {} if said is None else said
    if not isinstance(projects, dict):
        raise ConfigurationError(f"{place} is {projects!r}; want rules by project")
    return {
        str(project): {
            name: _parameters(entry, f"{place}.{project}.{name}", known[name])
            for name, entry in _table(rules, f"{place}.{project}", tuple(known)).items()
        }
        for project, rules in projects.items()
    }


def _parameters(said: object, place: str, rule: Rule) -> Mapping[str, Default]:
    found: dict[str, Default] = {}
    for name, value in _table(said, place, tuple(rule.parameters)).items():
        given = Settings(rule.id, rule.parameters, {name: value})
        try:
            found[name] = given.checked(name)
        except SettingError as error:
            raise ConfigurationError(f"{place}: {error}") from error
    return found


def _table(value: object, place: str, keys: tuple[str, ...]) -> Mapping[str, object]:
    odd = [str(key) for key in value if key not in keys] if isinstance(value, dict) else [""]
    if not isinstance(value, dict) or odd:
        what = f"has {', '.join(odd)}" if isinstance(value, dict) else f"is {value!r}"
        raise ConfigurationError(f"{place} {what}; want an object with only {', '.join(keys)}")
    return {str(key): inner for key, inner in value.items()}
