"""A file that arrives in the lake of dev starts a training, on the way that infra laid for it."""

import json
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("platform"), pytest.mark.timeout(600)]
SCRIPT = Path(__file__).parent / "fixtures" / "new_data.py"


def test_a_file_in_the_lake_starts_a_job_on_it(platform, tmp_path):
    outputs = platform.pulumi("stack", "output", "--json", "--stack", "dev").ok().out
    ran = platform.azlocal("exec", "--", sys.executable, str(SCRIPT), outputs, str(tmp_path))
    told = json.loads(ran.ok().out.splitlines()[-1])
    assert told == {"run": "Succeeded", "message": "", "job": "Completed"}
