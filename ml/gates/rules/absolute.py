"""Absolute thresholds: what any model must reach, with the whole interval."""

from ml.gates.evidence import Evidence
from ml.gates.outcome import Finding, Result, above, below, summed
from ml.gates.policy import Absolute


def judge(evidence: Evidence, policy: Absolute) -> Result:
    """Hold the challenger's own measures against the limits."""
    score = evidence.challenger
    measures = {
        "auc": (policy.auc, evidence.auc),
        "brier": (policy.brier, evidence.brier),
        "brier_skill": (policy.brier_skill, evidence.brier_skill),
        "log_loss": (policy.log_loss, evidence.log_loss),
    }
    findings: list[Finding] = []
    for name, (limit, measure) in measures.items():
        if limit is None:
            continue
        found = evidence.resampler.interval(measure(score))
        if limit.at_least is not None:
            outcome, wanted = above(found, limit.at_least), f"at least {limit.at_least:g}"
        else:
            most = limit.at_most if limit.at_most is not None else 0.0
            outcome, wanted = below(found, most), f"at most {most:g}"
        findings.append(Finding.of(name, outcome, found, wanted))
    return summed("absolute", findings)
