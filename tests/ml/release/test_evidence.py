"""Evidence and inputs that cannot be are refused before anything is judged by them."""

from datetime import date

import pytest

from ml.release.evidence import Labelled, Served
from ml.release.losses import LossName
from ml.release.sequential import holm, paired
from ml.release.sequential.roots import between
from ml.release.sequential.stitching import PolyStitching
from tests.ml.release.building import START, begun, evidence, gains


@pytest.mark.parametrize("counts", [{"errors": 6}, {"slow": 6}])
def test_more_bad_requests_than_requests_are_refused(counts):
    with pytest.raises(ValueError, match="among 5 requests"):
        Served(requests=5, **counts)


def test_more_labels_than_requests_are_refused():
    with pytest.raises(ValueError, match="6 labels for 5 requests"):
        Labelled(requests=5, labelled=6, losses={LossName.BRIER: 1.0})


def test_a_day_that_is_there_twice_is_refused():
    days = gains(3, 0.0, first=date(2013, 7, 2)) + gains(1, 0.0, first=date(2013, 7, 3))
    with pytest.raises(ValueError, match="2013-07-03 is there twice"):
        evidence(begun(), START, pairs=days)


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="timezone"):
        evidence(begun(), START.replace(tzinfo=None))


def test_the_same_evidence_has_the_same_digest():
    first, second = (evidence(begun(), START, pairs=gains(3, 0.1)) for _ in range(2))
    assert first.digest == second.digest
    assert first.digest != evidence(begun(), START, pairs=gains(4, 0.1)).digest


def test_senseless_inputs_of_the_tests_are_refused():
    with pytest.raises(ValueError, match="p-values are from 0 to 1"):
        holm.adjusted({"errors": 1.1})
    with pytest.raises(ValueError, match="counts are 0 or more"):
        paired.mcnemar(-1, 3)
    with pytest.raises(ValueError, match="v_min must be above 0"):
        PolyStitching(v_min=0)


def test_a_root_at_the_end_is_found():
    assert between(lambda x: x, 0.0, 1.0) == 0.0
