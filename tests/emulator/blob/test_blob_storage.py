"""Content on disk and rows about it: whole, durable, and right whoever writes at once."""

import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulator.arm.store import Store
from emulator.blob.blocks import UnknownBlockError
from emulator.blob.conditions import byte_range
from emulator.blob.contents import read_range
from emulator.blob.errors import StorageError
from emulator.blob.index import end_of
from emulator.blob.storage import BlobStorage, MissingContainerError
from emulator.blob.trees import UnsafeNameError

KEY = ("st", "raw", "b")
names = st.text(st.characters(blacklist_categories=("Cs",)), max_size=6)


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture
def blobs(store, tmp_path):
    made = BlobStorage(store, tmp_path / "blobs")
    made.create_container("st", "raw")
    return made


def objects(tmp_path):
    return sorted(file.name for file in (tmp_path / "blobs" / "objects").iterdir())


@given(st.integers(0, 50), st.integers(0, 60), st.one_of(st.none(), st.integers(0, 60)))
def test_a_range_is_what_a_slice_would_be(size, start, end):
    wanted = f"bytes={start}-{'' if end is None else end}"
    content = bytes(range(size))
    if end is not None and end < start:
        with pytest.raises(StorageError, match="InvalidHeaderValue"):
            byte_range(wanted, size)
    elif start >= size:
        with pytest.raises(StorageError, match="InvalidRange"):
            byte_range(wanted, size)
    else:
        first, last = byte_range(wanted, size)
        assert content[first : last + 1] == content[start : None if end is None else end + 1]


@given(names, names)
def test_what_begins_with_a_prefix_lies_before_its_end(prefix, name):
    end = end_of(prefix)
    key, low = name.encode(), prefix.encode()
    between = key >= low and (end is None or key < end.encode())
    assert between == (key >= low and (name.startswith(prefix) or end is None))


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sets(names.filter(bool), max_size=15), names, names, st.integers(1, 5))
def test_lists_are_those_of_sorted_names(blobs, known, prefix, start, limit):
    for info in blobs.list("st", "raw"):
        blobs.delete("st", "raw", info.name)
    for name in known:
        blobs.put("st", "raw", name, b"")
    expected = sorted(
        (n for n in known if n.startswith(prefix) and n.encode() >= start.encode()),
        key=str.encode,
    )
    assert [info.name for info in blobs.list("st", "raw", prefix, start)] == expected
    assert [i.name for i in blobs.list("st", "raw", prefix, start, limit)] == expected[:limit]


def test_a_name_may_be_a_folder_too_and_the_old_content_goes(blobs, tmp_path):
    blobs.put("ST", "raw", "a", b"1")
    blobs.put("st", "raw", "a/b", b"2")
    blobs.put("st", "raw", "a", b"3", content_type="text/plain")
    assert blobs.open_path("st", "raw", "a").read_bytes() == b"3"
    assert blobs.open_path("st", "raw", "a/b").read_bytes() == b"2"
    assert len(objects(tmp_path)) == 2
    assert blobs.delete("st", "raw", "a")
    assert not blobs.delete("st", "raw", "a")
    blobs.delete_container("st", "raw")
    assert objects(tmp_path) == []
    with pytest.raises(MissingContainerError):
        blobs.put("st", "raw", "a", b"1")
    with pytest.raises(FileNotFoundError, match="st/raw/a"):
        blobs.open_path("st", "raw", "a")
    assert objects(tmp_path) == []


def test_a_restart_removes_what_was_left_half_done(blobs, store, tmp_path):
    info = blobs.put("st", "raw", "kept", b"1")
    folder = tmp_path / "blobs" / "objects"
    (folder / "orphan").write_bytes(b"1")
    (folder / "x.partial").write_bytes(b"1")
    draft = blobs.draft()
    draft.write(b"never finished")
    blobs.blocks.stage(KEY, "YQ==", blobs.contents.write([b"staged"]))
    again = BlobStorage(store, tmp_path / "blobs")
    assert len(objects(tmp_path)) == 2
    assert again.content(info).read_bytes() == b"1"
    assert again.blocks.staged(KEY) == [("YQ==", 6)]
    draft.abandon()


def test_an_append_cut_short_leaves_no_trace(blobs, store, tmp_path):
    content = blobs.contents.write([b""])
    info = blobs.adopt(KEY, content, kind="AppendBlob")
    blobs.blocks.append(KEY, b"whole\n", lambda _info: None)
    with blobs.content(info).open("ab") as file:
        file.write(b"torn")
    again = BlobStorage(store, tmp_path / "blobs")
    assert again.open_path(*KEY).read_bytes() == b"whole\n"
    after, start = again.blocks.append(KEY, b"next\n", lambda _info: None)
    assert (start, after.size, after.blocks) == (6, 11, [("appended", 2)])
    assert again.open_path(*KEY).read_bytes() == b"whole\nnext\n"


def test_an_answer_that_has_begun_is_not_disturbed_by_a_new_blob(blobs):
    info = blobs.put("st", "raw", "b", b"old" * 1000)
    chunks = read_range(blobs.content(info), 0, 2999)
    blobs.put("st", "raw", "b", b"new")
    assert b"".join(chunks) == b"old" * 1000


def test_unknown_blocks_change_nothing(blobs, tmp_path):
    blobs.put(*KEY, b"before")
    with pytest.raises(UnknownBlockError, match="YQ=="):
        blobs.blocks.commit(KEY, [("Latest", "YQ==")], metadata={}, headers={})
    assert blobs.open_path(*KEY).read_bytes() == b"before"
    assert len(objects(tmp_path)) == 1


def test_a_refusing_guard_changes_nothing(blobs, tmp_path):
    blobs.put(*KEY, b"before", metadata={"a": "1"})

    def never(_info):
        raise StorageError(412, "ConditionNotMet", "no")

    calls = (
        lambda: blobs.adopt(KEY, blobs.contents.write([b"x"]), guard=never),
        lambda: blobs.delete(*KEY, guard=never),
        lambda: blobs.update(blobs.info(*KEY), metadata={}, guard=never),
        lambda: blobs.blocks.stage(KEY, "YQ==", blobs.contents.write([b"x"]), never),
        lambda: blobs.blocks.append(KEY, b"x", never),
    )
    for call in calls:
        with pytest.raises(StorageError):
            call()
    assert blobs.open_path(*KEY).read_bytes() == b"before"
    assert blobs.info(*KEY).metadata == {"a": "1"}
    assert len(objects(tmp_path)) == 1


def test_readers_see_the_old_blob_or_the_new_one(blobs):
    blobs.put(*KEY, b"0" * 5000)

    def write(number):
        for _ in range(20):
            blobs.put(*KEY, str(number).encode() * 5000)

    def read(_number):
        for _ in range(60):
            try:
                content = blobs.open_path(*KEY).read_bytes()
            except FileNotFoundError:
                continue  # replaced between row and file, as the service knows
            assert len(set(content)) == 1
            assert len(content) == 5000

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(write, n) for n in range(3)] + [pool.submit(read, n) for n in range(3)]
        for job in jobs:
            job.result()


def test_arm_may_delete_a_container_inside_a_transaction_while_others_write(blobs, store):
    def write(number):
        for round_ in range(20):
            try:
                blobs.blocks.stage(("st", "raw", f"{number}"), "YQ==", blobs.contents.write([b"x"]))
                blobs.blocks.commit(
                    ("st", "raw", f"{number}"), [("Latest", "YQ==")], metadata={}, headers={}
                )
                blobs.put("st", "raw", f"{number}-{round_}", b"x")
            except (MissingContainerError, UnknownBlockError):
                continue

    def delete(_number):
        for _ in range(10):
            with store.transaction():
                blobs.delete_container("st", "raw")
                blobs.create_container("st", "raw")

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(write, 1), pool.submit(write, 2), pool.submit(delete, 0)]
        for job in jobs:
            job.result(timeout=60)
    blobs.delete_container("st", "raw")
    assert blobs.index.objects() == {}


def test_trees_go_in_and_come_out(blobs, tmp_path):
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "one.txt").write_text("1")
    (source / "deep" / "zwei ü.txt").write_text("2")
    assert blobs.upload_tree("st", "raw", "out/", source) == 2
    assert [info.name for info in blobs.list("st", "raw")] == [
        "out/deep/zwei ü.txt",
        "out/one.txt",
    ]
    target = tmp_path / "target"
    assert blobs.download_tree("st", "raw", "out", target) == 2
    assert (target / "deep" / "zwei ü.txt").read_text() == "2"
    (target / "one.txt").write_text("changed by a step")
    assert blobs.open_path("st", "raw", "out/one.txt").read_text() == "1"
    assert blobs.download_tree("st", "raw", "out/one.txt", tmp_path / "single") == 1
    assert (tmp_path / "single").read_text() == "1"
    assert blobs.upload_tree("st", "raw", "renamed", source / "one.txt") == 1
    assert blobs.open_path("st", "raw", "renamed").read_text() == "1"
    assert blobs.download_tree("st", "raw", "nothing", tmp_path / "empty") == 0


@pytest.mark.parametrize("name", ["t/../../evil", "t//etc/evil", "t/a/../../../evil"])
def test_a_name_never_leads_out_of_its_folder(blobs, tmp_path, name):
    blobs.put("st", "raw", name, b"1")
    with pytest.raises(UnsafeNameError, match="evil"):
        blobs.download_tree("st", "raw", "t", tmp_path / "inside")
    assert not list(tmp_path.rglob("evil"))


def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path):
    program = """
        import sys
        from pathlib import Path
        from emulator.arm.store import Store
        from emulator.blob.storage import BlobStorage
        home = Path(sys.argv[1])
        blobs = BlobStorage(Store(home / "state.db"), home / "blobs")
        blobs.create_container("st", "raw")
        for number in range(100000):
            name = str(number % 7)
            blobs.put("st", "raw", name, (f"{number}|" * 4000).encode())
            sys.stdout.write(f"{number}\\n")
            sys.stdout.flush()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    last = 0
    for line in process.stdout:
        last = int(line)
        if last >= 300:
            process.kill()
            break
    last = max([last, *(int(line) for line in process.stdout.read().split() if line)])
    process.stdout.close()
    process.wait()
    store = Store(tmp_path / "state.db")
    blobs = BlobStorage(store, tmp_path / "blobs")
    for name in range(7):
        content = blobs.open_path("st", "raw", str(name)).read_text()
        number = int(content.partition("|")[0])
        assert content == f"{number}|" * 4000
        assert number % 7 == name
        assert number > last - 7
    store.close()


def test_a_content_file_is_not_written_to_by_others(blobs):
    info = blobs.put(*KEY, b"1")
    assert oct(blobs.content(info).stat().st_mode & 0o777) == "0o444"
    assert os.access(blobs.content(info), os.R_OK)
