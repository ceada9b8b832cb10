"""The fresh process: loads a model as a server would and prints its answers as one line.

It stands alone, so that nothing of this repository can help the model along.
"""

import json
import logging
import sys
import warnings

import numpy as np


def main(folder: str) -> None:
    """Load the model, score its own input example, print rows and scores."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    from mlflow import pyfunc  # noqa: PLC0415  after its remarks have been silenced
    from mlflow.models import Model  # noqa: PLC0415  as above

    example = Model.load(folder).load_input_example(folder)
    if example is None:
        sys.exit("the model has no input example; train writes one")
    scores = np.asarray(pyfunc.load_model(folder).predict(example), dtype=np.float64)
    answer = {"rows": len(example), "scores": scores.tolist()}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
