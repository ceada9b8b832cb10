"""The same configuration file that the engine takes with `--policy-pack-config`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from policies.engine.levels import Level
from policies.engine.rule import Rule
from policies.engine.settings import COMMON
from policies.scan.items import InputError
from policies.scan.judging import Configuration

_WANTED = 'want {"<rule>": "<level>" or {"enforcementLevel": "<level>", "<parameter>": ...}}'
# A scan mends nothing: what is to be mended is a violation until then.
_LEVELS = {**{level.value: level for level in Level}, "remediate": Level.MANDATORY}


@dataclass(frozen=True)
class _Entry:
    level: Level | None
    parameters: Mapping[str, object]


def load(path: Path | None, rules: Iterable[Rule], environment: str) -> Configuration:
    """Read the file, if there is one; InputError names what is not understood."""
    if path is None:
        return Configuration(environment=environment)
    try:
        content = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON ({error}); {_WANTED}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no object; {_WANTED}")
    known = {rule.id: rule for rule in rules}
    entries = {name: _entry(path, name, said, known) for name, said in content.items()}
    everywhere = entries.pop("all", _Entry(None, {})).level
    levels = dict.fromkeys(known, everywhere) | {
        name: entry.level for name, entry in entries.items() if entry.level
    }
    return Configuration(
        {name: entry.parameters for name, entry in entries.items()},
        {name: level for name, level in levels.items() if level},
        environment,
    )


def _entry(path: Path, name: str, said: object, known: Mapping[str, Rule]) -> _Entry:
    if name != "all" and name not in known:
        raise InputError(f'{path}: there is no rule "{name}"; {_WANTED}')
    values = dict(said) if isinstance(said, dict) else {"enforcementLevel": said}
    level = values.pop("enforcementLevel", None)
    if level is not None and not (isinstance(level, str) and level in _LEVELS):
        raise InputError(f"{path}: {name} is {level!r}; want one of {', '.join(_LEVELS)}")
    allowed = {*COMMON, *known[name].parameters} if name in known else set()
    if odd := sorted(set(values) - allowed):
        raise InputError(
            f"{path}: {name} has no parameter {', '.join(odd)}; "
            f"want {', '.join(sorted(allowed)) or 'a level only'}"
        )
    if name in known:
        settings = known[name].settings(values)
        for parameter in values:
            settings.checked(parameter)
    return _Entry(_LEVELS[level] if isinstance(level, str) else None, values)
