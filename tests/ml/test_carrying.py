"""Which earlier windows a training run carries over, and that only new files are sent."""

import shutil

import pytest

from ml.cli import carrying, raw_data
from ml.data import manifest
from ml.errors import PlatformError, TaskError
from ml.steps.ingest import ingest
from ml.workspace import DataVersion

FILES = ("airlines.csv", "airports.csv", "planes.csv", "weather.csv")


class Registered:
    """The data assets of a workspace, newest first."""

    def __init__(self, *known: tuple[str, str | None]):
        self.known = [DataVersion("flights-raw", one, new=False, previous=p) for one, p in known]
        self.sent: list[str] = []

    def data_versions(self, name):
        return self.known

    def ensure_data(self, name, folder, description, previous=None):
        version = manifest.data_version(manifest.sources_of(folder))
        self.sent = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))
        for one in self.known:
            if one.version == version:
                return one
        made = DataVersion(name, version, new=True, previous=previous)
        self.known.insert(0, made)
        return made


@pytest.fixture(scope="module")
def january(tmp_path_factory, flights):
    """A folder with flights alone, in a window of its own."""
    source = raw_data.folder(flights.settings.data, None)
    folder = tmp_path_factory.mktemp("january") / "2014-01"
    folder.mkdir()
    lines = (source / "weather.csv").read_text().splitlines()[:1]
    (folder / "weather.csv").write_text("\n".join(lines) + "\n")
    return folder.parent


@pytest.fixture(scope="module")
def whole(flights):
    return raw_data.folder(flights.settings.data, None)


def test_a_whole_folder_stands_alone_whatever_was_there_before(flights, whole):
    data, earlier = carrying.upload(Registered(("old", None)), flights, whole, None)
    assert (data.previous, earlier) == (None, ())


def test_what_lacks_a_table_is_carried_by_the_latest_version(flights, january):
    registered = Registered(("b", "a"), ("a", None))
    data, earlier = carrying.upload(registered, flights, january, None)
    assert (data.new, data.previous) == (True, "b")
    assert earlier == ("azureml:flights-raw:a", "azureml:flights-raw:b")
    assert registered.sent == ["2014-01/weather.csv"]


def test_the_same_files_are_carried_by_the_same_version_ever_after(flights, january):
    registered = Registered(("a", None))
    first = carrying.upload(registered, flights, january, None)
    registered.known.insert(0, DataVersion("flights-raw", "later", new=True))
    again = carrying.upload(registered, flights, january, None)
    assert first[1] == again[1] == ("azureml:flights-raw:a",)


def test_a_version_can_be_named_and_latest_is_another_than_the_files_own(flights, whole):
    registered = Registered(("b", None), ("a", None))
    assert carrying.upload(registered, flights, whole, "a")[1] == ("azureml:flights-raw:a",)
    assert carrying.upload(registered, flights, whole, "latest")[1] == ("azureml:flights-raw:b",)
    assert carrying.upload(registered, flights, whole, "none")[1] == ()


def test_a_version_that_is_not_there_is_refused_with_those_that_are(flights, whole, january):
    with pytest.raises(PlatformError, match="has no other version c; it has: b, a"):
        carrying.upload(Registered(("b", None), ("a", None)), flights, whole, "c")
    with pytest.raises(PlatformError, match="no earlier version of flights-raw"):
        carrying.upload(Registered(), flights, january, None)
    with pytest.raises(TaskError, match="holds no file for table"):
        carrying.upload(Registered(("a", None)), flights, january, "none")


def test_a_chain_that_leads_in_a_circle_is_refused(flights, january):
    with pytest.raises(PlatformError, match="leads in a circle"):
        carrying.upload(Registered(("b", "a"), ("a", "b")), flights, january, None)


def test_tables_carried_over_are_those_of_all_files_at_once(flights, whole, tmp_path):
    for name in ("old", "new", "all", "first", "second", "together"):
        (tmp_path / name).mkdir()
    with raw_data.named(flights, whole) as files:
        for path in files.iterdir():
            for target in ("all", "new" if "weather" in path.name else "old"):
                shutil.copy(path, tmp_path / target / path.name)
    shutil.copy(tmp_path / "new" / "weather.csv", tmp_path / "old" / "weather.csv")
    ingest(flights, tmp_path / "old", tmp_path / "first")
    carried = ingest(flights, tmp_path / "new", tmp_path / "second", tmp_path / "first")
    together = ingest(flights, tmp_path / "all", tmp_path / "together")
    assert carried.digest == together.digest
    assert carried.data_version == together.data_version
    assert carried.parents
