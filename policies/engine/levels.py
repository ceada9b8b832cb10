"""Which environment a stack is, and how hard a rule is there."""

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Environment(StrEnum):
    """What levels are chosen by."""

    DEV = "dev"
    STAGING = "staging"
    PROD = "prod"


class Severity(StrEnum):
    """How bad a violation is."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Level(StrEnum):
    """What a finding does: nothing, a warning, or the end of the deployment."""

    DISABLED = "disabled"
    ADVISORY = "advisory"
    MANDATORY = "mandatory"


Levels = Mapping[Environment, Level]

_DEV, _STAGING, _PROD = Environment
EVERYWHERE: Levels = dict.fromkeys(Environment, Level.MANDATORY)
ADVICE: Levels = dict.fromkeys(Environment, Level.ADVISORY)
NOT_IN_DEV: Levels = {**EVERYWHERE, _DEV: Level.ADVISORY}
ONLY_IN_PROD: Levels = {**ADVICE, _PROD: Level.MANDATORY}

BY_SEVERITY: Mapping[Severity, Levels] = {
    Severity.CRITICAL: EVERYWHERE,
    Severity.HIGH: EVERYWHERE,
    Severity.MEDIUM: NOT_IN_DEV,
    Severity.LOW: ADVICE,
}
# What cannot be known at preview is asked again before the resource is made, so it may wait;
# in prod a preview that cannot promise the critical rules is not good enough to approve.
UNKNOWN_BY_SEVERITY: Mapping[Severity, Levels] = {
    **dict.fromkeys(Severity, ADVICE),
    Severity.CRITICAL: ONLY_IN_PROD,
}

_TAGS = ("environment", "env", "stage")
_WORDS = {
    **dict.fromkeys(("dev", "development", "test", "sandbox", "demo", "local"), _DEV),
    **dict.fromkeys(("staging", "stage", "stg", "uat", "preprod", "nonprod"), _STAGING),
    **dict.fromkeys(("prod", "production", "prd", "live"), _PROD),
}


def environment_of(
    stack: str, tags: Mapping[str, str] | None = None, setting: str = ""
) -> Environment:
    """Decide by the pack's setting, else by the stack's tags, else by its name.

    A stack that says nothing gets the strictest levels: nobody is let off by a typo.
    """
    folded = {key.casefold(): value for key, value in (tags or {}).items()}
    said = (setting, *(folded.get(tag, "") for tag in _TAGS), stack.rpartition("/")[2])
    return next(filter(None, map(_named, said)), Environment.PROD)


@lru_cache(maxsize=1024)
def _named(text: str) -> Environment | None:
    words = re.split(r"[^a-z]+", text.casefold())
    found = [_WORDS[word] for word in words if word in _WORDS]
    return max(found, key=list(Environment).index, default=None)


def stack_of(urn: str) -> str:
    """The stack's name in `urn:pulumi:<stack>::<project>::<types>::<name>`."""
    return urn.split("::", 1)[0].rpartition(":")[2]


def project_of(urn: str) -> str:
    """The project's name in the same."""
    return urn.split("::", 2)[1] if urn.count("::") > 1 else ""
