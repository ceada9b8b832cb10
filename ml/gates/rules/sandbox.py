"""Sandbox: the model brings no foreign code, loads in a fresh process and answers its example.

The gate runs under the one identity that can sign: foreign code could sign its own verdict. Such a
model is refused before anything of it is run, and the process gets neither the gate's environment
nor its working folder.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml import tabular_scorer
from ml.gates import foreign_code
from ml.gates.outcome import Finding, Outcome, Result, summed
from ml.gates.policy import Sandbox

CHILD = Path(__file__).parents[1] / "sandbox_child.py"
SAME = 1e-6  # scores are 32 bit
# What a process needs to find its libraries; nothing of who it runs for.
PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TZ")
RUN_CODE = "runs no code but this repository's scorer"


@dataclass(frozen=True)
class Answer:
    """What the fresh process said."""

    scores: list[float]
    expected_rows: int
    problem: str = ""


def judge(model: Path, policy: Sandbox) -> Result:
    """Look at the folder, and only then let a fresh process load it."""
    if foreign := foreign_code.found(model):
        finding = Finding(
            name="code", outcome=Outcome.FAIL, wanted=RUN_CODE, note="; ".join(foreign)
        )
        return summed("sandbox", [finding])
    code = Finding(name="code", outcome=Outcome.PASS, wanted=RUN_CODE)
    answer = run(model, policy.seconds)
    problem = answer.problem or _unlike(model, answer)
    outcome = Outcome.FAIL if problem else Outcome.PASS
    example = Finding(
        name="input example",
        outcome=outcome,
        value=float(len(answer.scores)),
        wanted="one probability for each row, as scored here",
        note=problem,
    )
    return summed("sandbox", [code, example])


def run(model: Path, seconds: float) -> Answer:
    """Load the model in a fresh process and score its input example."""
    with tempfile.TemporaryDirectory(prefix="mlops-sandbox-") as home:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"HOME": home, "TMPDIR": home}
        try:
            ended = subprocess.run(
                [sys.executable, "-I", "-B", str(CHILD), str(model.resolve())],
                cwd=home,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            return Answer([], 0, f"no answer within {seconds:g} s")
    lines = ended.stdout.strip().splitlines()
    if ended.returncode != 0 or not lines:
        said = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
        return Answer([], 0, f"the process ended with {ended.returncode}: {said}")
    answered = json.loads(lines[-1])
    return Answer([float(score) for score in answered["scores"]], int(answered["rows"]))


def _unlike(model: Path, answer: Answer) -> str:
    """Say how the answer differs from what the gate's own scorer makes of the example."""
    if len(answer.scores) != answer.expected_rows or not answer.scores:
        return f"{len(answer.scores)} answers for {answer.expected_rows} rows"
    got = np.asarray(answer.scores)
    if not ((got >= 0) & (got <= 1)).all():
        return "not all answers are probabilities"
    example = json.loads((model / "input_example.json").read_text(encoding="utf-8"))
    rows = [dict(zip(example["columns"], row, strict=True)) for row in example["data"]]
    columns = {
        name: np.asarray(
            [row[name] for row in rows],
            dtype=object if any(isinstance(row[name], str) for row in rows) else np.float32,
        )
        for name in example["columns"]
    }
    ours = tabular_scorer.load(model / "data" / "scorer").score(columns)
    apart = float(np.abs(ours - got).max())
    return "" if apart <= SAME else f"answers differ by up to {apart:.3g} from those scored here"
