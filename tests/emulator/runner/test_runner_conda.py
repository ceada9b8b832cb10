"""Which conda files map to a virtual environment, and how the others are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.runner.conda import EnvironmentRefusedError, python_matches, read


def conda(*dependencies: str, pip: tuple[str, ...] = ()) -> str:
    lines = [f"  - {item}" for item in dependencies]
    if pip:
        lines += ["  - pip:", *(f"      - {line}" for line in pip)]
    return "\n".join(["name: x", "channels: [conda-forge]", "dependencies:", *lines])


def test_python_and_pip_requirements_are_taken():
    found = read(conda("python=3.11", "pip", pip=("numpy==2.4.6", "xgboost-cpu==3.2.0")), "3.11")
    assert found.requirements == ("numpy==2.4.6", "xgboost-cpu==3.2.0")
    assert found.pinned


def test_a_requirement_without_a_version_is_not_pinned():
    assert not read(conda(pip=("numpy",)), "3.11").pinned
    assert not read(conda(pip=("numpy>=2",)), "3.11").pinned


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (conda("python=3.11", "cudatoolkit=11"), "cudatoolkit=11 cannot be installed here"),
        (conda("conda-forge::lightgbm"), "lightgbm cannot be installed here"),
        (conda("python=3.8"), "wants python =3.8, but this machine runs steps on 3.11"),
        (conda(pip=("-r requirements.txt",)), "option '-r requirements.txt' cannot be used"),
        (conda(pip=("git+https://x/y",)), "is not a requirement from the package index"),
        ("name: x", "no list `dependencies`"),
        ("a: [", "is not YAML"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(text, message):
    with pytest.raises(EnvironmentRefusedError, match=message.replace("(", r"\(")):
        read(text, "3.11")


@pytest.mark.parametrize(
    ("spec", "fits"),
    [
        ("", True), ("=3.11", True), ("==3.11", True), ("3.11", True), ("=3.11.7", True),
        ("=3", True), ("3.11.*", True), (">=3.9,<3.13", True), (">=3.12", False), ("<3.11", False),
        ("<=3.11", True), ("=3.10", False), ("!=3.11", False), ("~=3.10", True), ("*", True),
        (">3.10", True),
    ],
)  # fmt: skip
def test_a_version_of_python_fits_the_series_or_not(spec, fits):
    assert python_matches(spec, "3.11") is fits


@given(st.permutations(["a==1", "B==2", "c==3"]))
def test_the_order_of_requirements_does_not_change_the_environment(lines):
    first = read(conda(pip=("a==1", "B==2", "c==3")), "3.11")
    second = read(conda(pip=tuple(lines)), "3.11")
    assert first.digest("3.11") == second.digest("3.11")
    assert first.digest("3.11") != first.digest("3.12")
