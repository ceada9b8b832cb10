"""The requirements that rules implement, with the rules of others that ask the same."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypedDict

from policies.engine.rule import Rule

_MCSB = re.compile(r"(?:AM|BR|DP|DS|ES|GS|IM|IR|LT|NS|PA|PV)-\d+")
_CIS = re.compile(r"CIS ?\d")


class _Row(TypedDict):
    id: str
    group: str
    condition: str
    input: str
    severity: str
    psrule: list[str]
    checkov: list[str]
    azure_policy: list[str]
    other: list[str]


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One row of the merged requirements; ids that begin with U are in no other rule set."""

    id: str
    group: str
    condition: str
    input: str
    severity: str
    twins: Mapping[str, tuple[str, ...]]


@cache
def requirements() -> Mapping[str, Requirement]:
    """All requirements by id."""
    rows: list[_Row] = json.loads(
        Path(__file__).parents[1].joinpath("requirements.json").read_text("utf-8")
    )
    return {row["id"]: _requirement(row) for row in rows}


def twins(rule: Rule) -> dict[str, tuple[str, ...]]:
    """Who else asks what `rule` asks: by rule set, without doubles."""
    merged: dict[str, dict[str, None]] = {}
    known = requirements()
    sources = [known[one].twins for one in rule.requirements if one in known]
    for source in (*sources, rule.twins):
        for name, ids in source.items():
            merged.setdefault(name, {}).update(dict.fromkeys(ids))
    return {name: tuple(ids) for name, ids in merged.items() if ids}


def _requirement(row: _Row) -> Requirement:
    other = row["other"]
    return Requirement(
        id=row["id"],
        group=row["group"],
        condition=row["condition"],
        input=row["input"],
        severity=row["severity"],
        twins={
            "PSRule": tuple(row["psrule"]),
            "Checkov": tuple(row["checkov"]),
            "Azure Policy": tuple(row["azure_policy"]),
            "CIS": tuple(one for one in other if _CIS.match(one)),
            "MCSB": tuple(one for one in other if _MCSB.fullmatch(one)),
        },
    )
