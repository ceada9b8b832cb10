"""`mlops-policies scan FILE...`: the pack's rules over files, without an engine."""

import argparse
import datetime as dt
import gc
import json
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from policies.engine import waivers
from policies.engine.configuration import ConfigurationError, configured
from policies.engine.levels import Environment
from policies.engine.settings import SettingError
from policies.rules import RULES
from policies.scan import baseline, pack_config, sarif
from policies.scan.items import InputError, Item
from policies.scan.judging import Answer, Word, judge, stacks
from policies.scan.reading import read
from policies.scan.report import WAIVERS, Report, as_json, print_table

_WIDTH = 120
CLEAN, VIOLATIONS, BAD_INPUT = 0, 1, 2


def main(words: Sequence[str] | None = None) -> int:
    """Return 0 when clean, 1 when something stops a deployment, 2 for bad input."""
    options = _parser().parse_args(words)
    try:
        with _without_collecting():
            return _scan(options)
    except (InputError, ConfigurationError, SettingError, waivers.WaiverFileError) as error:
        print(f"mlops-policies: {error}", file=sys.stderr)  # noqa: T201 - the command's own words
        return BAD_INPUT


@contextmanager
def _without_collecting() -> Generator[None]:
    """What a scan reads, it keeps to its end: looking for garbage in between finds none."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mlops-policies", description=__doc__)
    scan = parser.add_subparsers(required=True, metavar="COMMAND").add_parser(
        "scan",
        help="judge the resources in files",
        description="Judge the resources in Pulumi state exports, `pulumi preview --json` output, "
        "ARM templates and JSON lines. Exits with 0 when clean, with 1 when something "
        "stops a deployment in the environment, with 2 for bad input.",
    )
    scan.add_argument("files", nargs="+", type=Path, metavar="FILE")
    scan.add_argument("--json", action="store_true", help="print one object a rule and resource")
    scan.add_argument("--sarif", type=Path, metavar="FILE", help="write SARIF 2.1.0 as well")
    scan.add_argument("--baseline", type=Path, metavar="FILE", help="an earlier --json; tell news")
    scan.add_argument(
        "--environment",
        choices=[one.value for one in Environment],
        default="",
        help="whose levels hold; else each stack's name decides, else prod's",
    )
    scan.add_argument("--waivers", type=Path, metavar="FILE", default=waivers.FILE)
    scan.add_argument(
        "--config", type=Path, metavar="FILE", help="as for the engine's --policy-pack-config"
    )
    return parser


def _scan(options: argparse.Namespace) -> int:
    rules = configured(RULES)
    held = waivers.load(options.waivers, rules, dt.datetime.now(dt.UTC).date())
    configuration = pack_config.load(options.config, rules, options.environment)
    known = baseline.load(options.baseline) if options.baseline else None
    stack = options.environment or Environment.PROD.value
    items = _distinct([item for file in options.files for item in read(file, stack)])
    answers = list(judge(items, rules, configuration, held))
    problems = [*held.problems, *held.unused(stacks(items))]
    if known:
        answers = [answer for answer in answers if _is_new(answer, known)]
        problems = [one for one in problems if not known.has(WAIVERS, one.place, Word.FAIL)]
    report = Report(answers, problems, len(items), len(rules))
    if options.json:
        sys.stdout.write(as_json(report) + "\n")
    else:
        from rich.console import Console  # noqa: PLC0415 - for people; programs need not wait

        console = Console()
        # A file or a pipe has no width; rich would take 80 columns.
        print_table(report, console if console.is_terminal else Console(width=_WIDTH))
    if options.sarif:
        log = sarif.document(report, rules, str(options.waivers), new=known is not None)
        try:
            options.sarif.write_text(json.dumps(log, indent=1) + "\n", "utf-8")
        except OSError as error:
            raise InputError(f"{options.sarif} cannot be written: {error.strerror}") from error
    return VIOLATIONS if report.violations else CLEAN


def _is_new(answer: Answer, known: baseline.Baseline) -> bool:
    if answer.word in {Word.FAIL, Word.UNKNOWN}:
        return not known.has(answer.rule.id, answer.item.facts.urn, answer.word)
    # A waiver that was of use is told each time.
    return answer.word is Word.WAIVED


def _distinct(items: Sequence[Item]) -> list[Item]:
    """Number resources that are in several files, or twice in one: each is judged."""
    seen: Counter[str] = Counter()
    distinct: list[Item] = []
    for item in items:
        urn = item.facts.urn
        seen[urn] += 1
        if seen[urn] > 1:
            item = replace(item, facts=replace(item.facts, urn=f"{urn}#{seen[urn]}"))  # noqa: PLW2901 - the same resource under its number
        distinct.append(item)
    return distinct


if __name__ == "__main__":
    sys.exit(main())
