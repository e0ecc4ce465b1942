import multiprocessing
import os
import sqlite3
import zlib
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from engine.transports.neonize import session_store
from engine.transports.neonize.session_store import (
    LEFT_OUT,
    StoreError,
    device_rows,
    durable_copy,
    fingerprint,
    restore,
)
from tests.unit.transports.neonize.stores import JID, make_store, run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "session.sqlite"
    make_store(path)
    return path


def moved(store: Path) -> Path:
    elsewhere = store.parent / "elsewhere" / "session.sqlite"
    restore(durable_copy(store), elsewhere)
    return elsewhere


def test_a_restored_store_is_the_same_device(store: Path) -> None:
    run(store, "INSERT INTO whatsmeow_lid_map VALUES ('2', '60111')")
    elsewhere = moved(store)
    assert device_rows(elsewhere) == [JID]
    for table in ("whatsmeow_device", "whatsmeow_pre_keys", "whatsmeow_lid_map"):
        assert run(elsewhere, f"SELECT * FROM {table}") == run(store, f"SELECT * FROM {table}")
    assert fingerprint(elsewhere) == fingerprint(store)


@pytest.mark.parametrize("table", LEFT_OUT)
def test_ratchets_and_what_is_on_its_way_stay_behind_but_their_tables_are_there(store: Path, table: str) -> None:
    run(store, f"INSERT INTO {table} VALUES (?, ?)", JID, b"x" * 100)
    assert run(moved(store), f"SELECT count(*) FROM {table}") == [(0,)]


def test_indexes_are_there_too(store: Path) -> None:
    assert run(moved(store), "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL") == [
        ("by_chat",)
    ]


def test_only_its_user_can_read_a_restored_store(store: Path) -> None:
    elsewhere = moved(store)
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert elsewhere.parent.stat().st_mode & 0o777 == 0o700


def test_a_restored_store_takes_the_place_of_an_old_one_and_of_its_journal(store: Path, tmp_path: Path) -> None:
    old = tmp_path / "old" / "session.sqlite"
    make_store(old, ["60999:1@s.whatsapp.net"])
    journal = old.with_name("session.sqlite-journal")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + os.urandom(600))
    restore(durable_copy(store), old)
    assert not journal.exists()
    assert device_rows(old) == [JID]


@pytest.mark.parametrize("content", [b"", b"\x02abc", b"\x01abc", b"\x01" + zlib.compress(b"x")[:-4]])
def test_a_copy_that_is_damaged_leaves_the_store_as_it_was(store: Path, content: bytes) -> None:
    with pytest.raises(StoreError):
        restore(content, store)
    assert device_rows(store) == [JID]
    assert [path.name for path in store.parent.iterdir()] == ["session.sqlite"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE whatsmeow_device SET noise_key = randomblob(32)",
        "INSERT INTO whatsmeow_pre_keys VALUES ('x', 4, randomblob(32), false)",
        "UPDATE whatsmeow_pre_keys SET uploaded = false WHERE key_id = 3",
        "INSERT INTO whatsmeow_app_state_sync_keys VALUES ('x', randomblob(6), 5)",
        "INSERT INTO whatsmeow_nct_salt VALUES ('x', randomblob(6))",
        "INSERT INTO whatsmeow_privacy_tokens VALUES ('x', 'y', randomblob(6))",
    ],
)
def test_what_must_not_be_lost_changes_the_fingerprint(store: Path, change: str) -> None:
    before = fingerprint(store)
    run(store, change)
    assert fingerprint(store) != before


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO whatsmeow_sessions VALUES ('x', randomblob(900))",
        "INSERT INTO whatsmeow_message_secrets VALUES ('x', randomblob(32))",
        "DELETE FROM whatsmeow_pre_keys WHERE key_id = 1",  # somebody has used it
    ],
)
def test_a_message_more_is_no_reason_for_a_copy(store: Path, change: str) -> None:
    before = fingerprint(store)
    run(store, change)
    assert fingerprint(store) == before


def test_the_more_contacts_the_rarer_a_copy() -> None:
    steps = [session_store._roughly(count) for count in range(10_000)]
    assert steps[:16] == [(count, 0) for count in range(16)]
    assert len(set(steps[1_000:])) < 32


def test_what_a_new_library_adds_is_refused_until_somebody_has_decided_about_it(store: Path) -> None:
    run(store, "CREATE TABLE whatsmeow_novelty (our_jid TEXT)")
    with pytest.raises(StoreError, match="whatsmeow_novelty"):
        durable_copy(store)
    with pytest.raises(StoreError, match="whatsmeow_novelty"):
        fingerprint(store)


def test_what_is_no_store_has_no_devices(tmp_path: Path) -> None:
    assert device_rows(tmp_path / "none.sqlite") == []
    assert list(tmp_path.iterdir()) == [], "looking makes no file"
    (tmp_path / "text").write_text("hello " * 1000)
    assert device_rows(tmp_path / "text") == []
    with pytest.raises(StoreError):
        durable_copy(tmp_path / "text")
    with pytest.raises(StoreError):
        durable_copy(tmp_path / "none.sqlite")


def _write_all_the_time(path: Path, stop: Event) -> None:
    store = sqlite3.connect(path)
    store.execute("PRAGMA cache_size = 4")
    store.execute("PRAGMA synchronous = off")
    number = 0
    while not stop.is_set():
        number += 1
        store.execute("UPDATE whatsmeow_identity_keys SET identity = ?", (number,))
        store.execute("UPDATE whatsmeow_privacy_tokens SET token = ?", (number,))
        if number % 2:
            store.rollback()
        else:
            store.commit()
    store.close()


def test_a_copy_is_one_moment_of_a_store_that_is_written_all_the_time(store: Path) -> None:
    with sqlite3.connect(store) as filling:
        for table in ("whatsmeow_identity_keys", "whatsmeow_privacy_tokens"):
            filling.executemany(f"INSERT INTO {table} VALUES (?, ?, 0)", [("x" * 90, str(n)) for n in range(400)])
    filling.close()
    stop = multiprocessing.get_context("spawn").Event()
    writer = multiprocessing.get_context("spawn").Process(target=_write_all_the_time, args=(store, stop))
    writer.start()
    try:
        numbers = set()
        while len(numbers) < 5:
            elsewhere = moved(store)
            found = run(
                elsewhere,
                "SELECT identity FROM whatsmeow_identity_keys UNION SELECT token FROM whatsmeow_privacy_tokens",
            )
            assert len(found) == 1, "half of a transaction"
            numbers.add(found[0])
    finally:
        stop.set()
        writer.join()


@pytest.mark.parametrize("committed", [True, False])
def test_what_changed_while_it_was_read_is_read_again(
    store: Path, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    writer = sqlite3.connect(store)
    looks = 0

    def look(path: Path) -> Path:
        nonlocal looks
        looks += 1
        if looks == 2:  # the first was before reading, this one is after it
            writer.execute("UPDATE whatsmeow_device SET lid = 'changed'")
        if (looks == 2 and committed) or looks == 4:
            writer.commit()
        return path.with_name(f"{path.name}-journal")

    monkeypatch.setattr(session_store, "_journal", look)
    copy = durable_copy(store)
    writer.close()
    restore(copy, store)
    assert run(store, "SELECT lid FROM whatsmeow_device") == [("changed",)]


def test_a_store_that_never_stands_still_is_given_up(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_store, "BUSY_FOR", 0.0)
    busy = sqlite3.connect(store)
    busy.execute("DELETE FROM whatsmeow_pre_keys")  # not committed: its journal is there
    with pytest.raises(StoreError, match="did not stand still"):
        durable_copy(store)
    busy.rollback()
    busy.close()
    assert durable_copy(store)


def test_reading_takes_no_lock_and_breaks_none(store: Path) -> None:
    """Within one process a lock of the library's SQLite is not seen by another one: it must not be asked for."""
    busy = sqlite3.connect(store, isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")
    assert durable_copy(store)
    busy.execute("DELETE FROM whatsmeow_pre_keys")
    busy.execute("COMMIT")
    busy.close()
