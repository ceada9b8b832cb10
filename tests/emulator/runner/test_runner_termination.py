"""Early termination: the worked examples of the documentation, and its mirror for losses."""

import pytest

from emulator.runner import termination
from emulator.runner.durations import PlanError


def ended(policy: dict, logged: int, *, maximize: bool = True, **histories: list[float]) -> str:
    """The trials that the policy ends after so many values."""
    found = termination.read(policy)
    assert found is not None
    return "".join(
        name
        for name, values in histories.items()
        if len(values) >= logged and found.ends(name, logged, histories, maximize=maximize)
    )


def test_bandit_ends_what_is_too_far_from_the_best():
    policy = {"policyType": "Bandit", "slackFactor": 0.2}
    # the best is 0.8, so that less than 0.8 / 1.2 = 0.667 is ended
    assert ended(policy, 2, a=[0.5, 0.8], b=[0.6, 0.67], c=[0.6, 0.66], d=[0.1]) == "c"
    amount = {"policy_type": "Bandit", "slack_amount": 0.1}
    assert ended(amount, 1, a=[0.8], b=[0.71], c=[0.69]) == "c"
    assert ended(policy, 1, maximize=False, a=[1.0], b=[1.19], c=[1.21]) == "c"


def test_median_stopping_compares_the_best_with_the_running_averages():
    policy = {"type": "median_stopping"}
    histories = {"a": [0.2, 0.4], "b": [0.5, 0.7], "c": [0.8, 0.9]}
    # averages 0.3, 0.6 and 0.85: a's best is below the median
    assert ended(policy, 2, **histories) == "a"
    losses = {name: [1 - value for value in values] for name, values in histories.items()}
    assert ended(policy, 2, maximize=False, **losses) == "a"


def test_truncation_ends_its_share_of_the_worst():
    policy = {"policyType": "TruncationSelection", "truncationPercentage": 40}
    assert ended(policy, 1, a=[0.1], b=[0.3], c=[0.2], d=[0.5], e=[0.4]) == "ac"
    assert ended(policy, 1, a=[0.1], b=[0.3]) == ""


def test_a_policy_waits_and_looks_at_its_intervals_only():
    policy = termination.read(
        {
            "policy_type": "Bandit",
            "slack_factor": 0.1,
            "evaluation_interval": 2,
            "delay_evaluation": 5,
        }
    )
    assert policy is not None
    assert [logged for logged in range(11) if policy.is_due(logged)] == [6, 8, 10]
    every = termination.read({"policyType": "MedianStopping"})
    assert every is not None
    assert [logged for logged in range(4) if every.is_due(logged)] == [1, 2, 3]
    assert termination.read(None) is None


@pytest.mark.parametrize(
    ("policy", "message"),
    [
        ({"policyType": "Guess"}, "known are bandit"),
        ({"policyType": "Bandit"}, "has no slack"),
        ({"policyType": "Bandit", "slackFactor": 0.1, "slackAmount": 1}, "give one of them"),
        ({"policyType": "TruncationSelection", "truncationPercentage": 100}, "give 1 to 99"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(policy, message):
    with pytest.raises(PlanError, match=message):
        termination.read(policy)
