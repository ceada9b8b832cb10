"""Reads the settings of a stack from its config and reports all mistakes at once."""

import json
from collections.abc import Mapping, Sequence
from typing import get_args

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from infra.checks import CHECKS
from infra.problems import Problem, SettingsError, from_pydantic, shown, unknown_key
from infra.settings import Settings
from infra.wording import nearest

# Config that others read: the engine, the provider and the policy pack.
_OTHER_NAMESPACES = ("azure-native", "pulumi", "policy")
_ENVIRONMENT = "environment"
# Words that people try, and the key that does it here.
_OTHER_WORDS = {"location": "regions"}
KEYS = tuple(name for name in Settings.model_fields if name != _ENVIRONMENT)


def read() -> Settings:
    """The settings of the stack that the engine runs."""
    # `pulumi.Config` reads known keys only; a typo shows in the whole map.
    config = pulumi.runtime.config.CONFIG.get() or pulumi.runtime.config.get_config_env()
    return parse(config, project=pulumi.get_project(), stack=pulumi.get_stack())


def parse(config: Mapping[str, object], *, project: str, stack: str) -> Settings:
    """Make settings of a whole config map (`namespace:key` to value, or to its JSON text)."""
    problems: list[Problem] = []
    raw: dict[str, object] = {_ENVIRONMENT: stack}
    for full_key, value in config.items():
        namespace, _, key = full_key.partition(":")
        if namespace != project:
            problems += _foreign(full_key, namespace, project)
        elif key not in KEYS:
            problems.append(unknown_key(full_key, KEYS, _OTHER_WORDS))
        else:
            raw[key] = _decoded(value)
    settings, wrong, errors = _validated(raw)
    problems += [_problem(project, error) for error in errors if not _repeats(error, errors)]
    for needs, check in CHECKS:
        if not wrong.intersection(needs):
            problems += check(settings, f"{project}:")
    if problems:
        raise SettingsError(stack, problems)
    return settings


def _validated(raw: dict[str, object]) -> tuple[Settings, set[str], list[ErrorDetails]]:
    """Settings made of the keys that are sound, the names of the others, and what is wrong."""
    try:
        return Settings.model_validate(raw), set(), []
    except ValidationError as error:
        errors = error.errors()
    wrong = {str(detail["loc"][0]) for detail in errors}
    sound = {key: value for key, value in raw.items() if key not in wrong}
    # An unsound stack name must not hide the other mistakes.
    return Settings.model_validate({_ENVIRONMENT: "unsound", **sound}), wrong, errors


def _decoded(value: object) -> object:
    """Groups and lists come from the engine as JSON; anything else is a plain word."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _foreign(full_key: str, namespace: str, project: str) -> list[Problem]:
    if namespace in _OTHER_NAMESPACES or not nearest(namespace, [project]):
        return []
    right = full_key.replace(namespace, project, 1)
    return [Problem(full_key, shown(namespace), f"the namespace {project}", f"write {right}")]


def _repeats(error: ErrorDetails, errors: Sequence[ErrorDetails]) -> bool:
    """A list whose entries are wrong also counts as too short; one message is enough."""
    size, where = len(error["loc"]), error["loc"]
    deeper = any(e["loc"][:size] == where and len(e["loc"]) > size for e in errors)
    return error["type"] == "too_short" and deeper


def _problem(project: str, error: ErrorDetails) -> Problem:
    first, *rest = error["loc"]
    if first == _ENVIRONMENT:
        return from_pydantic("stack name", {**error, "loc": ()}, [])
    return from_pydantic(f"{project}:{first}", {**error, "loc": tuple(rest)}, _beside(error["loc"]))


def _beside(location: Sequence[int | str]) -> list[str]:
    """The keys that exist where an unknown one was found."""
    kind: object = Settings
    for step in location[:-1]:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            field = kind.model_fields.get(str(step))
            kind = field.annotation if field else None
        else:
            kind = _entry(kind)
    return list(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else []


def _entry(kind: object) -> object:
    """The model that a dictionary or tuple annotation holds."""
    models = [arg for arg in get_args(kind) if isinstance(arg, type) and issubclass(arg, BaseModel)]
    return models[0] if models else None
