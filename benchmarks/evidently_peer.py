"""Run by Evidently's own interpreter: its default drift preset over two stored arrays.

Prints the seconds of each run as JSON; reading the arrays and importing Evidently is not counted.
"""

import json
import sys
import time
import warnings
from importlib import import_module

import numpy as np
import pandas as pd

RUNS = 3


def main(reference: str, current: str) -> None:
    """Measure the preset several times."""
    warnings.simplefilter("ignore")
    # By name, as our own environment has no Evidently to check its types with.
    evidently, presets = import_module("evidently"), import_module("evidently.presets")
    tables = [np.load(path) for path in (current, reference)]
    columns = [f"x{number}" for number in range(tables[0].shape[1])]
    frames = [pd.DataFrame(table, columns=columns) for table in tables]
    seconds, processor, metrics = [], [], 0
    for _ in range(RUNS):
        start, busy = time.perf_counter(), time.process_time()
        sides = [
            evidently.Dataset.from_pandas(frame, evidently.DataDefinition()) for frame in frames
        ]
        found = evidently.Report([presets.DataDriftPreset()]).run(*sides).dict()
        seconds.append(time.perf_counter() - start)
        metrics = len(found["metrics"])
        processor.append(time.process_time() - busy)
    print(json.dumps({"seconds": seconds, "processor": processor, "metrics": metrics}))


if __name__ == "__main__":
    main(*sys.argv[1:])
