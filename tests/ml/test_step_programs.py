"""Each step is a program of its own that needs neither Azure nor git."""

import subprocess
import sys
from pathlib import Path

import pytest

from ml.pipelines import accept, release_control, score, train

PACKAGE = Path(__file__).parents[2] / "ml"
HEAVY = {"xgboost", "mlflow", "azure", "sklearn", "pandas"}


def run(*words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False, cwd=cwd
    )


@pytest.mark.parametrize(
    "step", [*train.STEPS, *score.STEPS, *release_control.STEPS, *accept.STEPS]
)
def test_every_step_explains_itself_without_heavy_imports(step):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['{step}', '--help']\n"
        "try:\n"
        f"    runpy.run_module('ml.steps.{step}', run_name='__main__')\n"
        "finally:\n"
        f"    print('heavy:', sorted(set(sys.modules) & {HEAVY!r}))\n"
    )
    ran = run("-c", code)
    assert ran.returncode == 0, ran.stderr
    assert f"usage: python -m ml.steps.{step}" in ran.stdout
    assert "heavy: []" in ran.stdout


def test_a_step_starts_from_inside_the_folder_as_azure_ml_starts_it():
    ran = run("run_step.py", "prepare", "--help", cwd=PACKAGE)
    assert ran.returncode == 0, ran.stderr
    assert "usage: python -m ml.steps.prepare" in ran.stdout


def test_a_mistake_is_one_sentence_and_exit_code_1(tmp_path):
    ran = run("-m", "ml.steps.ingest", "--raw", str(tmp_path / "none"), "--tables", str(tmp_path))
    assert ran.returncode == 1
    assert ran.stdout.startswith("error: ")
    assert "is no folder" in ran.stdout
    assert "Traceback" not in ran.stderr


def test_register_outside_a_job_says_what_it_wants():
    from ml.errors import PlatformError  # noqa: PLC0415  beside its use
    from ml.place import from_environment  # noqa: PLC0415  as above

    with pytest.raises(PlatformError, match="AZUREML_ARM_SUBSCRIPTION"):
        from_environment({})


def test_step_code_does_not_import_azure():
    pure = [*(PACKAGE / "steps").glob("*.py"), *(PACKAGE / "data").glob("*.py")]
    assert pure
    for path in pure:
        assert "azure" not in path.read_text().replace("Azure", ""), path
