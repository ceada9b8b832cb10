"""The tests of a deployment, and what they conclude; who asks it and the clock are given."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import cycle, islice
from math import inf

import numpy as np

from ml.acceptance.cases import Case, Example, body
from ml.acceptance.limits import Limits
from ml.gates.outcome import Finding, Outcome, Result, summed

OK, SERVER = 200, 500
SAME = 1e-6  # scores are 32 bit
FIRST_ANSWER_S = 60.0
ROUNDS = 3
SUCCEEDED = "Succeeded"
_SHOWN = 3


@dataclass(frozen=True)
class Answer:
    """What came back. The endpoint says 424 of every refusal, and the model's own status beside."""

    status: int
    ms: float
    body: Mapping[str, object] = field(default_factory=dict)
    model_status: int | None = None
    deployment: str | None = None

    @property
    def code(self) -> int:
        """The status that the model itself gave, where it was reached; 0 without any answer."""
        return self.model_status or self.status


Ask = Callable[[bytes], Answer]
Score = Callable[[Mapping[str, Sequence[object]]], Iterable[float]]


@dataclass(frozen=True)
class Deployed:
    """What Azure says of the deployment."""

    name: str
    state: str
    model: str


@dataclass(frozen=True)
class Patience:
    """A clock in seconds, and how to wait."""

    clock: Callable[[], float]
    sleep: Callable[[float], None]


def ready(
    ask: Ask, deployed: Deployed, example: Example, model: tuple[str, str], patience: Patience
) -> Result:
    """It is up, serves this registered version, and answers soon."""
    name, version = model
    serves = deployed.model.casefold().endswith(
        (f"/models/{name}/versions/{version}".casefold(), f"azureml:{name}:{version}".casefold())
    )
    began, answer = patience.clock(), ask(body(example.columns, example.rows[:1]))
    while answer.code != OK and patience.clock() - began < FIRST_ANSWER_S:
        patience.sleep(1)
        answer = ask(body(example.columns, example.rows[:1]))
    took = patience.clock() - began
    return summed(
        "ready",
        [
            _said("state", deployed.state == SUCCEEDED, SUCCEEDED, deployed.state),
            _said("serves", serves, f"{name}:{version}", deployed.model),
            Finding(
                name="first answer",
                outcome=_judged(answer.code == OK),
                value=round(took, 3),
                wanted=f"200 within {FIRST_ANSWER_S:g} s",
                note="" if answer.code == OK else f"the last answer was {_of(answer)}",
            ),
        ],
    )


def contract(ask: Ask, example: Example, bad: Iterable[Case]) -> Result:
    """A good request is answered in full; each bad one is told what is wrong, and is no crash."""
    good = ask(body(example.columns, example.rows))
    wrong = _incomplete(good, len(example.rows))
    answered = _said(
        "valid request", not wrong, "a probability for each row, and who says so", wrong
    )
    kinds: dict[str, list[str]] = {}
    for case in bad:
        problem = _unclear(case, ask(case.body))
        kinds.setdefault(case.kind, []).append(f"{case}: {problem}" if problem else "")
    findings = [
        Finding(
            name=kind,
            outcome=_judged(not any(problems)),
            value=float(sum(not problem for problem in problems)),
            wanted=f"{len(problems)} refused with a 4xx that says what is wrong",
            note="; ".join([problem for problem in problems if problem][:_SHOWN]),
        )
        for kind, problems in kinds.items()
    ]
    return summed("contract", [answered, *findings])


def smoke(
    ask: Ask,
    example: Example,
    empty: Example,
    score: Score,
    *,
    model: tuple[str, str],
    deployment: str,
) -> Result:
    """Answers are what the registered model itself says, row by row and with empty cells."""
    every = ask(body(example.columns, example.rows))
    alone = [ask(body(example.columns, [row])) for row in example.rows]
    ours = _scores(score, example)
    said = (str(every.body.get("model")), str(every.body.get("model_version")))
    by = {str(answer.deployment) for answer in (every, *alone)}
    return summed(
        "smoke",
        [
            _alike("predictions", [every], ours),
            _alike("rows alone", alone, ours),
            _alike("empty cells", [ask(body(empty.columns, empty.rows))], _scores(score, empty)),
            _said("version", said == model, ":".join(model), ":".join(said)),
            _said("deployment", by == {deployment}, deployment, ", ".join(sorted(by))),
        ],
    )


def load(ask: Ask, example: Example, limits: Limits) -> Result:
    """So many requests, some at once: few fail, and answers are soon there.

    What else runs on a machine only ever adds time: of up to three rounds the fastest counts, and
    the first one that keeps the limit ends it. Failures of all rounds count.
    """
    bodies = [body(example.columns, [row]) for row in example.rows]
    answers: list[Answer] = []
    rounds: list[float] = []
    while len(rounds) < ROUNDS and min(rounds, default=inf) > limits.latency_ms:
        with ThreadPoolExecutor(limits.at_once) as pool:
            answered = list(pool.map(ask, islice(cycle(bodies), limits.requests)))
        answers += answered
        rounds.append(float(np.quantile([each.ms for each in answered], limits.quantile)))
    failed = [answer for answer in answers if answer.code != OK]
    rate, slow = len(failed) / len(answers), min(rounds)
    return summed(
        "load",
        [
            Finding(
                name="error rate",
                outcome=_judged(rate <= limits.error_rate),
                value=rate,
                wanted=f"at most {limits.error_rate:g} of {len(answers)}",
                note=", ".join(sorted({_of(answer) for answer in failed})[:_SHOWN]),
            ),
            Finding(
                name=f"P{limits.quantile * 100:g} in ms",
                outcome=_judged(slow <= limits.latency_ms),
                value=round(slow, 3),
                wanted=f"at most {limits.latency_ms:g}, {limits.at_once} at once",
                note=f"fastest of {len(rounds)} round(s)",
            ),
        ],
    )


def _scores(score: Score, example: Example) -> list[float]:
    return [float(each) for each in score({name: example.column(name) for name in example.columns})]


def _incomplete(answer: Answer, rows: int) -> str:
    """Say what a good answer lacks."""
    found = _predictions(answer)
    if answer.code != OK or found is None:
        return _of(answer)
    if len(found) != rows:
        return f"{len(found)} predictions for {rows} rows"
    absent = [
        name for name in ("model", "model_version", "correlation_id") if name not in answer.body
    ]
    if absent:
        return f"no {', '.join(absent)}"
    return "" if all(0 <= each <= 1 for each in found) else "predictions that are no probabilities"


def _unclear(case: Case, answer: Answer) -> str:
    """Say how the answer to a bad request is not what its sender needs."""
    if answer.code != case.status or answer.status >= SERVER:
        return f"answered {_of(answer)}, wanted is {case.status}"
    error = answer.body.get("error")
    if not isinstance(error, Mapping) or not error.get("message"):
        return "refused without a word"
    problems = error.get("problems")
    named = (
        [str(each.get("column")) for each in problems if isinstance(each, Mapping)]
        if isinstance(problems, list)
        else []
    )
    if case.column is not None and named != [case.column]:
        return f"it names {', '.join(named) or 'no column'}"
    return ""


def _alike(name: str, answers: Sequence[Answer], ours: Sequence[float]) -> Finding:
    parts = [_predictions(answer) for answer in answers]
    theirs = [each for part in parts if part is not None for each in part]
    wanted = f"the model's own, within {SAME:g}"
    if None in parts or len(theirs) != len(ours):
        note = ", ".join(sorted({_of(answer) for answer in answers}))
        return Finding(name=name, outcome=Outcome.FAIL, wanted=wanted, note=f"answered {note}")
    apart = float(np.abs(np.subtract(theirs, ours)).max())
    return Finding(name=name, outcome=_judged(apart <= SAME), value=apart, wanted=wanted)


def _predictions(answer: Answer) -> list[float] | None:
    found = answer.body.get("predictions")
    if answer.code != OK or not isinstance(found, list):
        return None
    numbers = [each for each in found if isinstance(each, int | float)]
    return [float(each) for each in numbers] if len(numbers) == len(found) else None


def _said(name: str, right: bool, wanted: str, found: str) -> Finding:
    return Finding(
        name=name, outcome=_judged(right), wanted=wanted, note="" if right else f"found {found}"
    )


def _judged(right: bool) -> Outcome:
    return Outcome.PASS if right else Outcome.FAIL


def _of(answer: Answer) -> str:
    if answer.code == 0:
        return "nothing at all"
    through = f" (through {answer.status})" if answer.code != answer.status else ""
    return f"{answer.code}{through}"
