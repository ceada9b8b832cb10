"""Waivers: dated, owned exceptions to rules; none is silent, and none outlives its date."""

import datetime as dt
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from policies.engine.levels import Severity, stack_of
from policies.engine.resource import Facts
from policies.engine.rule import Rule

FILE = Path(__file__).parents[1] / "waivers.yaml"
LONGEST = dt.timedelta(days=366)
_WANTED = ("rule", "resource", "reason", "owner", "expires")
_ALLOWED = (*_WANTED, "approver", "stacks")
_URN = "urn:pulumi:"


class WaiverFileError(ValueError):
    """The file of the waivers cannot be read at all."""


class _Malformed(ValueError):  # noqa: N818 - never seen outside; a waiver that is a violation
    """One waiver cannot hold; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Waiver:
    """One exception: what is let off, why, who answers for it, and until when."""

    rule: str
    resource: str
    """A glob over a resource's URN or its name."""
    reason: str
    owner: str
    expires: dt.date
    approver: str = ""
    stacks: tuple[str, ...] = ("*",)

    def covers(self, rule: Rule, facts: Facts) -> bool:
        if rule.id != self.rule or not self.meant_for(stack_of(facts.urn)):
            return False
        glob = self.resource.casefold()
        return any(fnmatchcase(text.casefold(), glob) for text in (facts.urn, facts.name))

    def meant_for(self, stack: str) -> bool:
        """Whether the waiver is about this stack, so that it must match something there."""
        globs = self.stacks
        if self.resource.casefold().startswith(_URN):
            globs = (stack_of(self.resource),)
        return any(fnmatchcase(stack.casefold(), glob.casefold()) for glob in globs)

    def __str__(self) -> str:
        approved = f", approved by {self.approver}" if self.approver else ""
        return f"Waived until {self.expires} by {self.owner}{approved}: {self.reason.rstrip('.')}."


@dataclass(frozen=True)
class Problem:
    """A waiver that is itself a violation."""

    place: str
    message: str


class Waivers:
    """The waivers that hold, those that are violations themselves, and which were of use."""

    def __init__(self, held: Iterable[Waiver] = (), problems: Iterable[Problem] = ()) -> None:
        self.problems = tuple(problems)
        self._held = tuple(held)
        self._by_rule: dict[str, list[Waiver]] = {}
        for waiver in self._held:
            self._by_rule.setdefault(waiver.rule, []).append(waiver)
        self._used: set[Waiver] = set()
        # The engine asks about several resources at once.
        self._lock = threading.Lock()

    def for_finding(self, rule: Rule, facts: Facts) -> Waiver | None:
        """The waiver that lets this finding off; it counts as used from now on."""
        for waiver in self._by_rule.get(rule.id, ()):
            if waiver.covers(rule, facts):
                with self._lock:
                    self._used.add(waiver)
                return waiver
        return None

    def unused(self, stacks: Iterable[str]) -> list[Problem]:
        """Waivers that are about one of these stacks and let nothing off there."""
        present = list(stacks)
        return [
            Problem(
                _place(waiver.rule, waiver.resource),
                f'it matches no violation of {waiver.rule}: no such resource is named "'
                f'{waiver.resource}", or it obeys the rule. Fix: remove the waiver.',
            )
            for waiver in self._held
            if waiver not in self._used and any(waiver.meant_for(stack) for stack in present)
        ]


def load(path: Path, rules: Iterable[Rule], today: dt.date) -> Waivers:
    """Read a file of waivers; WaiverFileError says what is wrong with the file as a whole."""
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise WaiverFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        # Not only texts that are no YAML: a 30th of February is YAML, and no date.
        raise WaiverFileError(f"{path} cannot be understood: {error}") from error
    entries = content.get("waivers") if isinstance(content, dict) else None
    if not isinstance(entries, list) or set(content) != {"waivers"}:
        raise WaiverFileError(
            f"{path} holds {_kind(content)}; want one key, waivers, with a list "
            "(`waivers: []` when there are none)"
        )
    known = {rule.id: rule for rule in rules}
    held: list[Waiver] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries, start=1):
        try:
            waiver = _read(entry)
            _check(waiver, known, today)
        except _Malformed as error:
            named = isinstance(entry, dict)
            rule, resource = (entry.get("rule"), entry.get("resource")) if named else ("", "")
            problems.append(Problem(_place(str(rule), str(resource), number), str(error)))
        else:
            held.append(waiver)
    return Waivers(held, problems)


def _read(entry: object) -> Waiver:
    if not isinstance(entry, dict):
        raise _Malformed(f"it is {_kind(entry)}; want {', '.join(_WANTED)}")
    if missing := [key for key in _WANTED if entry.get(key) in (None, "")]:
        raise _Malformed(f"it has no {', no '.join(missing)}; a waiver wants {', '.join(_WANTED)}")
    if odd := [str(key) for key in entry if key not in _ALLOWED]:
        raise _Malformed(f"{', '.join(odd)} is not known; want only {', '.join(_ALLOWED)}")
    expires = entry["expires"]
    if isinstance(expires, str):
        try:
            expires = dt.date.fromisoformat(expires)
        except ValueError as error:
            raise _Malformed(f'expires is "{expires}"; want a date, as 2027-03-31') from error
    if not isinstance(expires, dt.date) or isinstance(expires, dt.datetime):
        raise _Malformed(f"expires is {_kind(expires)}; want a date, as 2027-03-31")
    texts = {key: _text(entry, key) for key in ("rule", "resource", "reason", "owner")}
    stacks = entry.get("stacks") or ["*"]
    if not isinstance(stacks, list) or not all(isinstance(stack, str) for stack in stacks):
        raise _Malformed(f"stacks is {_kind(stacks)}; want a list of globs over stack names")
    approver = _text(entry, "approver") if entry.get("approver") else ""
    return Waiver(**texts, expires=expires, approver=approver, stacks=tuple(stacks))


def _check(waiver: Waiver, known: Mapping[str, Rule], today: dt.date) -> None:
    rule = known.get(waiver.rule)
    if rule is None:
        near = get_close_matches(waiver.rule, known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise _Malformed(f'there is no rule "{waiver.rule}"{hint}')
    if waiver.expires < today:
        raise _Malformed(
            f"it expired on {waiver.expires}. Fix: mend the resource, or have the waiver renewed."
        )
    if waiver.expires - today > LONGEST:
        raise _Malformed(f"it expires on {waiver.expires}; want {LONGEST.days} days ahead at most")
    if rule.severity is Severity.CRITICAL and not waiver.approver:
        raise _Malformed(f"{rule.id} is critical, so the waiver wants an approver")
    if waiver.approver and waiver.approver.casefold() == waiver.owner.casefold():
        raise _Malformed(f"{waiver.owner} owns and approves it; want somebody else as approver")


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str) or not value.strip():
        raise _Malformed(f"{key} is {_kind(value)}; want a text")
    return value.strip()


def _place(rule: str, resource: str, number: int | None = None) -> str:
    head = "The waiver" if number is None else f"Waiver {number}"
    return f'{head} of {rule or "no rule"} for "{resource}"'


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"
