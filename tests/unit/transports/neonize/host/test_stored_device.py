import sqlite3
from contextlib import closing

import pytest

from engine.transports.neonize.host.stored_device import (
    StoreRefusedError,
    is_gone,
    read_stored_device,
)
from tests.unit.transports.neonize.stores import make_store, run


def test_the_device_and_whom_it_knows_are_read(tmp_path):
    store = tmp_path / "session.sqlite"
    make_store(store, ["60123456789:5@s.whatsapp.net"])
    run(store, "INSERT INTO whatsmeow_lid_map VALUES ('777', '60111')")
    device = read_stored_device(store)
    assert (device.user, device.number, device.phones) == ("60123456789", 5, {"777": "60111"})
    assert not is_gone(store)


@pytest.mark.parametrize(
    ("jids", "words"),
    [
        ([], "there is no session in its store"),
        (["1:1@s.whatsapp.net", "2:1@s.whatsapp.net"], "there is 2 sessions"),
        (["somebody"], "of a kind that this version does not know"),
    ],
)
def test_any_other_number_of_devices_is_refused(tmp_path, jids, words):
    make_store(tmp_path / "session.sqlite", jids)
    with pytest.raises(StoreRefusedError, match=words):
        read_stored_device(tmp_path / "session.sqlite")


def test_a_file_that_is_none_is_refused_and_not_made(tmp_path):
    with pytest.raises(StoreRefusedError):
        read_stored_device(tmp_path / "session.sqlite")
    assert not (tmp_path / "session.sqlite").exists()


def test_characters_that_mean_something_in_an_address_are_escaped(tmp_path):
    store = tmp_path / "50% off? #1" / "session.sqlite"
    make_store(store)
    name = read_stored_device(store).library_name
    with closing(sqlite3.connect(f"file:{name}?mode=ro", uri=True)) as opened:
        assert opened.execute("SELECT count(*) FROM whatsmeow_device").fetchone() == (1,)


def test_a_device_that_the_library_has_deleted_is_gone(tmp_path):
    store = tmp_path / "session.sqlite"
    assert is_gone(store)
    make_store(store, [])
    assert is_gone(store)
    store.write_bytes(b"half of it is written")
    assert not is_gone(store)
