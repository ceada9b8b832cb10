"""Mistakes in a stack's config, collected so that one run shows them all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pydantic_core import ErrorDetails

from infra.wording import listed, nearest, plural


@dataclass(frozen=True)
class Problem:
    """One mistake: where it is, what was found, what is wanted and how to mend it."""

    key: str
    found: str
    wanted: str
    fix: str

    def __str__(self) -> str:
        return f"{self.key}: found {self.found}; wanted {self.wanted}; fix: {self.fix}"


class SettingsError(pulumi.RunError):
    """All mistakes of a stack's config. The engine prints it without a stack trace."""

    def __init__(self, stack: str, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"  {problem}" for problem in problems]
        mistakes = plural(len(problems), "mistake")
        head = f"{mistakes} in the config of stack {stack} (Pulumi.{stack}.yaml); nothing was done:"
        super().__init__("\n".join([head, *lines]))


def shown(value: object) -> str:
    """A found value, short enough for a line."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# What pydantic's findings want and how to mend them; `{...}` is filled from the finding.
_WORDS: dict[str, tuple[str, str]] = {
    "missing": ("a value", "add it"),
    "setting": ("{wanted}", "{fix}"),
    "bool_parsing": ("true or false", "write true or false"),
    "bool_type": ("true or false", "write true or false"),
    "int_parsing": ("a whole number", "write digits only"),
    "int_from_float": ("a whole number", "write digits only"),
    "int_type": ("a whole number", "write digits only"),
    "float_parsing": ("a number", "write digits only"),
    "greater_than": ("more than {gt}", "raise it"),
    "greater_than_equal": ("{ge} or more", "raise it"),
    "less_than_equal": ("{le} or less", "lower it"),
    "too_short": ("at least one entry", "add one, or remove the key"),
    "model_type": ("a group of keys", "indent its keys below it"),
    "dict_type": ("a group of keys", "indent its keys below it"),
    "tuple_type": ("a list", "begin each entry with a hyphen"),
    "string_type": ("a text", "put it into quotes"),
}


def from_pydantic(key: str, error: ErrorDetails, known: Sequence[str]) -> Problem:
    """Say one of pydantic's findings in our words; `known` are the keys beside the found one."""
    where = ".".join([key, *(str(step) for step in error["loc"] if step != "[key]")])
    if error["type"] == "extra_forbidden":
        return unknown_key(where, known)
    found = "nothing" if error["type"] == "missing" else shown(error["input"])
    context: dict[str, object] = error.get("ctx", {})
    if error["type"] == "enum":
        choices = str(context["expected"])
        guess = nearest(str(error["input"]), _choices(choices))
        return Problem(where, found, choices, f"write {guess or 'one of them'}")
    wanted, fix = _WORDS.get(error["type"], (error["msg"], "correct it"))
    return Problem(where, found, wanted.format_map(context), fix.format_map(context))


def unknown_key(
    key: str, known: Sequence[str], other_words: Mapping[str, str] | None = None
) -> Problem:
    """A key that nothing reads is a typo: left alone, it would silently do nothing."""
    parent, _, last = key.replace(":", ".").rpartition(".")
    meant = {**{word: word for word in known}, **(other_words or {})}
    guess = meant.get(nearest(last, meant) or "")
    fix = f"did you mean {guess}?" if guess else f"remove it, or use one of: {listed(known)}"
    return Problem(key, f"the unknown key {last!r}", f"a key that {parent} has", fix)


def _choices(choices: str) -> list[str]:
    return [word.strip(" '") for word in choices.replace(" or ", ",").split(",")]
