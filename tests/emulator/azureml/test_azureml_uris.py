"""Addresses of Azure ML and what they mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.azureml.uris import (
    AssetVersion,
    BlobPath,
    DatastorePath,
    JobOutput,
    long_datastore_uri,
    parse,
)

WORKSPACE = (
    "/subscriptions/s/resourceGroups/r/providers/Microsoft.MachineLearningServices/workspaces/w"
)
LONG = "azureml://subscriptions/s/resourcegroups/r/workspaces/w"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("azureml://datastores/d/paths/a/b.csv", DatastorePath("d", "a/b.csv")),
        ("azureml://datastores/d/paths/", DatastorePath("d", "")),
        (f"{LONG}/datastores/d/paths/a/", DatastorePath("d", "a/")),
        (f"azureml:{WORKSPACE}/datastores/d/paths/a", DatastorePath("d", "a")),
        ("azureml://jobs/j/outputs/model", JobOutput("j", "model")),
        ("azureml://jobs/j/outputs/artifacts/paths/x/y", JobOutput("j", "artifacts", "x/y")),
        (f"azureml:/{WORKSPACE}/jobs/j/outputs/o", JobOutput("j", "o")),
        ("azureml:raw:1", AssetVersion("", "raw", "1")),
        ("azureml:raw@latest", AssetVersion("", "raw", "", "latest")),
        (f"azureml:{WORKSPACE}/data/raw/versions/1", AssetVersion("data", "raw", "1")),
        (f"{WORKSPACE}/models/m/versions/2", AssetVersion("models", "m", "2")),
        ("https://acct.blob.core.windows.net/c/a%20b", BlobPath("acct", "c", "a b")),
        ("wasbs://c@acct.blob.core.windows.net/x/y", BlobPath("acct", "c", "x/y")),
    ],
)
def test_an_address_is_understood(uri, expected):
    assert parse(uri) == expected


@pytest.mark.parametrize("uri", ["", "raw", "ftp://x/y", "https://example.org/a", "azureml:raw"])
def test_another_address_is_refused_with_the_forms_there_are(uri):
    with pytest.raises(ValueError, match="give"):
        parse(uri)


@given(
    st.from_regex(r"[a-z_0-9]{1,20}", fullmatch=True),
    st.from_regex(r"[\w./ -]{1,40}", fullmatch=True),
)
def test_a_datastore_path_survives_its_short_and_its_long_form(name, path):
    place = DatastorePath(name, path)
    assert parse(place.text()) == place
    assert parse(long_datastore_uri(WORKSPACE, place)) == place
