"""Would training help? Two models on the same rows, compared by a paired confidence sequence.

The shadow model learned from the newest periods; both answer the rows of the period after them.
Rows of one day are not independent of each other, so what is compared is the sum of each day. The
sequence holds whenever it is looked at (Howard, Ramdas, McAuliffe and Sekhon 2021), so that asking
again when more labels are in costs nothing.
"""

import numpy as np
import numpy.typing as npt

from ml.gates.outcome import Outcome
from ml.release.blocks import of_pairs, pair
from ml.release.document import Document
from ml.release.levels import Levels
from ml.release.losses import losses
from ml.release.quality import compare
from ml.retraining.policy import Help
from ml.retraining.state import Number

Floats = npt.NDArray[np.float64]
_SAID = {
    Outcome.PASS: "training would help",
    Outcome.FAIL: "training would make it worse",
    Outcome.INCONCLUSIVE: "it is not known whether training would help",
}


class Answer(Document):
    """Whether training would help: pass if it would, fail if it would harm."""

    outcome: Outcome
    reason: str
    numbers: dict[str, Number]


def answer(
    policy: Help,
    days: npt.NDArray[np.datetime64],
    label: npt.ArrayLike,
    champion: Floats,
    shadow: Floats,
) -> Answer:
    """Compare two models' scores of the same rows.

    Args:
        policy: the loss, and how sure one wants to be.
        days: the day of each row, as clocks where it happened show it.
        label: what came true.
        champion: the scores of the model that serves.
        shadow: those of the model that was trained to ask.
    """
    found = [{policy.loss: losses(policy.loss, label, each)} for each in (champion, shadow)]
    blocks = of_pairs(pair(days, *found), policy.loss, labelled=1)
    levels = Levels(
        promote=policy.alpha,
        refuse=policy.alpha,
        expected_days=policy.expected_days,
        min_days=policy.min_days,
    )
    compared = compare(policy.loss, blocks, 0.0, levels)
    numbers = {
        name: round(value, 8) if isinstance(value, float) else value
        for name, value in compared.numbers.items()
    }
    found_out = compared.reason if compared.gain is None else compared.measured
    reason = f"{_SAID[compared.outcome]}, {found_out}"
    return Answer(outcome=compared.outcome, reason=reason, numbers=numbers)
