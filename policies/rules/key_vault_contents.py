"""Keys and secrets in vaults: how long they last, how strong they are."""

import re
import time
from typing import TypeGuard

from policies.engine.levels import Severity
from policies.engine.resource import Resource
from policies.engine.rule import rule
from policies.engine.settings import Parameter, texts
from policies.engine.values import Value
from policies.engine.verdict import FAIL, PASSED, Verdict, only_if

KEY, SECRET = "keyvault:Key", "keyvault:Secret"
_DOCS = "https://learn.microsoft.com/azure/key-vault"
_EXPIRES, _BEGINS = "properties.attributes.expires", "properties.attributes.notBefore"
_DAY = 86400
_FOREVER = 1e12
_PERIOD = re.compile(r"P(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,5})D)?", re.IGNORECASE)


@rule(
    "key-vault-key-rotates",
    types=[KEY],
    severity=Severity.MEDIUM,
    requirements=["V-09"],
    title="A key is renewed by itself",
    fix='Pass "rotation_policy": {"lifetime_actions": [{"action": {"type": "rotate"}, '
    '"trigger": {"time_before_expiry": "P30D"}}]} in properties.',
    url=f"{_DOCS}/keys/how-to-configure-key-rotation",
)
def key_rotates(key: Resource) -> Verdict:
    """What someone has to remember is not done in the year that he is away."""
    actions = key["properties.rotationPolicy.lifetimeActions"].elements()
    return actions.any(
        lambda one: one["action.type"].must_equal("rotate", known=["notify"]),
        wanted="an action rotate",
    )


@rule(
    "key-vault-key-expires",
    types=[KEY],
    severity=Severity.MEDIUM,
    requirements=["V-10"],
    title="A key of a vault has a last day",
    fix='Pass "attributes": {"expires": <seconds since 1970>} in properties, '
    'or "attributes": {"expiry_time": "P2Y"} in its rotation policy.',
    url=f"{_DOCS}/keys/about-keys-details",
)
def key_expires(key: Resource) -> Verdict:
    """A copy of it is of use for as long as the key is."""
    expires = key[_EXPIRES].must_be_set()
    by_policy = key["properties.rotationPolicy.attributes.expiryTime"].must_be_set()
    return (expires | by_policy).because(*expires.evidence)


@rule(
    "key-vault-secret-expires",
    types=[SECRET],
    severity=Severity.MEDIUM,
    requirements=["V-11"],
    title="A secret of a vault has a last day",
    fix='Pass "attributes": {"expires": <seconds since 1970>} in properties.',
    url=f"{_DOCS}/secrets/about-secrets",
)
def secret_expires(secret: Resource) -> Verdict:
    """A secret that never ends is known to everyone who has ever worked here."""
    return secret[_EXPIRES].must_be_set()


@rule(
    "key-vault-key-strength",
    types=[KEY],
    severity=Severity.MEDIUM,
    requirements=["V-14"],
    title="A key is of a strong kind",
    fix='Pass "kty": JsonWebKeyType.RSA and "key_size": 3072, or an EC key on P-256 or better.',
    url=f"{_DOCS}/keys/about-keys",
    parameters={
        "smallest_rsa": Parameter(
            "The fewest bits of an RSA key.", 2048, {"type": "number", "minimum": 2048}
        ),
        "curves": texts("Curves that are good enough.", "P-256", "P-384", "P-521", "P-256K"),
        "kinds": texts("Kinds of keys.", "RSA", "RSA-HSM", "EC", "EC-HSM", "oct-HSM"),
    },
)
def key_strength(key: Resource) -> Verdict:
    """A short key is broken by who has waited long enough."""
    least = key.settings.number("smallest_rsa")
    kind = key["properties.kty"].or_default("RSA")
    size = key["properties.keySize"].or_default(2048)
    curve = key["properties.curveName"].or_default("P-256")
    rsa, curved = kind.must_equal("RSA", "RSA-HSM"), kind.must_equal("EC", "EC-HSM")
    long = size.must(lambda value: _number(value) and value >= least, f"{least:g} or more")
    strong = curve.must_equal(*key.settings.texts("curves"))
    return (
        kind.must_equal(*key.settings.texts("kinds")) & _where(rsa, long) & _where(curved, strong)
    )


@rule(
    "key-vault-validity",
    types=[KEY, SECRET],
    severity=Severity.MEDIUM,
    requirements=["V-15"],
    title="A key or secret does not last too long",
    fix='Bring "expires" nearer in attributes, or raise the rule\'s parameter.',
    url=f"{_DOCS}/general/autorotation",
    parameters={
        "days": Parameter(
            "The longest validity in days, from not_before, or else from today.",
            730,
            {"type": "number", "minimum": 1},
        )
    },
)
def validity(resource: Resource) -> Verdict:
    """A last day in thirty years is none."""
    longest = resource.settings.number("days")
    wanted = f"{longest:g} days or less"
    begins, expires = resource[_BEGINS], resource[_EXPIRES]
    # What has no day to begin began when it was made, at the latest now.
    start = _seconds(begins.known) if _number(begins.known) else time.time()
    lasts = (
        expires.must(
            lambda value: _number(value) and _seconds(value) - start <= longest * _DAY,
            wanted=wanted,
        )
        if expires.given
        else PASSED
    )
    if begins.given and not _number(begins.known) and lasts != PASSED:
        lasts = begins.must(_number, wanted="a number of seconds")
    period = resource["properties.rotationPolicy.attributes.expiryTime"]
    if not period.given:
        return lasts
    text = period.text
    return lasts & period.must(
        lambda value: (days := _days(value)) is not None and days <= longest,
        wanted=wanted,
        known=[text] if text and _days(text) is not None else [],
    )


def _where(condition: Verdict, then: Verdict) -> Verdict:
    """What `then` says where the condition holds, and a pass elsewhere."""
    return PASSED if condition.outcome is FAIL else only_if(condition, lambda: then, "")


def _number(value: Value) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(value: float) -> float:
    """A number of JSON's may have any number of digits, and a moment may not."""
    return float(max(-_FOREVER, min(_FOREVER, value)))


def _days(value: Value) -> float | None:
    match = _PERIOD.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        return None
    years, months, days = (int(one or 0) for one in match.groups())
    return years * 365 + months * 30 + days
