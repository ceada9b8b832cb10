"""Canonical JSON (RFC 8785): one document has one byte string, so that a signature holds for it."""

import json
import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml.verdict.errors import VerdictError

EXACT = 2**53  # beyond, other readers of JSON round integers
LARGEST = 4 << 20


def encode(document: object) -> bytes:
    """Return the canonical bytes of a document of plain JSON types."""
    return _text(document).encode("utf-8")


def decode(content: str | bytes) -> object:
    """Read JSON strictly: no name twice, no NaN, nothing endless."""
    if len(content) > LARGEST:
        raise VerdictError(f"it has {len(content)} bytes, at most {LARGEST} are read")
    try:
        return json.loads(
            content, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_integer
        )
    except (ValueError, RecursionError) as error:
        raise VerdictError(f"it is no JSON: {error}") from error


def _text(found: object) -> str:
    if found is None or isinstance(found, bool):
        return {None: "null", True: "true", False: "false"}[found]
    if isinstance(found, str):
        return json.dumps(str(found), ensure_ascii=False)
    if isinstance(found, int | float):
        return _number(found)
    if isinstance(found, Mapping):
        if wrong := [name for name in found if not isinstance(name, str)]:
            raise TypeError(f"names in JSON are text, found {wrong[0]!r}")
        # By UTF-16 units, as the standard has it; it differs from Python's order beyond U+FFFF.
        names = sorted(found, key=lambda name: str(name).encode("utf-16-be"))
        return "{" + ",".join(f"{_text(name)}:{_text(found[name])}" for name in names) + "}"
    if isinstance(found, Sequence) and not isinstance(found, bytes | bytearray):
        return "[" + ",".join(_text(each) for each in found) + "]"
    raise TypeError(f"{type(found).__name__} is no JSON type")


def _number(found: float) -> str:
    """Write a number as ECMAScript does: the shortest digits that read back the same."""
    if isinstance(found, int) and abs(found) > EXACT:
        raise ValueError(f"{found} is too large for JSON readers to keep; write it as text")
    number = float(found)
    if not math.isfinite(number):
        raise ValueError(f"{number} is no JSON number")
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    point = len(digits) + int(exponent)  # digits before the decimal point
    return ("-" if sign else "") + _placed(text, point)


def _placed(text: str, point: int) -> str:
    if 0 < point <= 21:
        whole, fraction = text[:point].ljust(point, "0"), text[point:]
        return f"{whole}.{fraction}" if fraction else whole
    if -6 < point <= 0:
        return "0." + "0" * -point + text
    mantissa = f"{text[0]}.{text[1:]}" if len(text) > 1 else text
    return f"{mantissa}e{point - 1:+d}"


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice} is there twice")
    return found


def _integer(text: str) -> float:
    number = int(text)
    return number if abs(number) <= EXACT else float(text)


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no number")
