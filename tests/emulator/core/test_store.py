"""The store keeps what it acknowledged, whatever happens to its process."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading

import pytest

from emulator.arm.store import Store

GROUP = "/subscriptions/s1/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/St1"


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "state.db")
    yield opened
    opened.close()


def test_case_does_not_count_and_the_first_spelling_stays(store):
    store.put({"id": ACCOUNT, "properties": {"a": 1}})
    store.put({"id": ACCOUNT.upper(), "properties": {"a": 2}})
    found = store.get(ACCOUNT.lower())
    assert found["id"] == ACCOUNT
    assert found["properties"] == {"a": 2}
    assert len(store.under(GROUP)) == 1


def test_a_put_gives_a_new_etag_and_keeps_the_time_of_creation(store):
    first = store.put({"id": ACCOUNT, "properties": {}})
    second = store.put({"id": ACCOUNT, "properties": {}})
    assert first["etag"] != second["etag"]
    assert first["systemData"]["createdAt"] == second["systemData"]["createdAt"]


def test_deleting_takes_everything_below_and_nothing_beside(store):
    for id_ in (GROUP, ACCOUNT, f"{ACCOUNT}/blobServices/default", f"{GROUP}2", f"{ACCOUNT}2"):
        store.put({"id": id_, "properties": {}})
    deleted = store.delete(ACCOUNT)
    assert [one["name"] for one in deleted] == ["St1", "default"]
    assert {one["name"] for one in store.under("")} == {"rg", "rg2", "St12"}


def test_children_are_the_direct_ones_of_a_kind(store):
    for id_ in (GROUP, ACCOUNT, f"{ACCOUNT}/blobServices/default"):
        store.put({"id": id_, "properties": {}})
    assert [one["name"] for one in store.children(ACCOUNT, "blobServices")] == ["default"]
    assert [one["name"] for one in store.children(GROUP)] == ["St1"]
    assert store.children(ACCOUNT, "containers") == []


def test_a_failed_transaction_changes_nothing(store):
    store.put({"id": GROUP, "properties": {}})

    def fail():
        with store.transaction():
            store.put({"id": ACCOUNT, "properties": {}})
            store.delete(GROUP)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert store.get(ACCOUNT) is None
    assert store.get(GROUP) is not None


def test_a_copy_is_given_out(store):
    store.put({"id": ACCOUNT, "properties": {"list": [1]}})
    store.get(ACCOUNT)["properties"]["list"].append(2)
    assert store.get(ACCOUNT)["properties"]["list"] == [1]


def test_many_threads_lose_no_write(store):
    def write(worker):
        for number in range(25):
            store.put({"id": f"{GROUP}-{worker}-{number}", "properties": {}})

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.under("")) == 200


def test_nothing_acknowledged_is_lost_when_the_process_is_killed(tmp_path):
    program = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from emulator.arm.store import Store
        store = Store(Path(sys.argv[1]))
        for number in range(1_000_000):
            store.put({"id": f"/subscriptions/s/resourceGroups/rg{number}", "properties": {}})
            print(number, flush=True)
        """
    )
    path = tmp_path / "state.db"
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)][-1]
        os.kill(writer.pid, signal.SIGKILL)
    again = Store(path)
    names = {one["name"] for one in again.under("")}
    again.close()
    assert {f"rg{number}" for number in range(acknowledged + 1)} <= names
    assert json.dumps(sorted(names))
