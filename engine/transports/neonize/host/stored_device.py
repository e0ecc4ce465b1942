"""The device in a session store, read before the library sees it: a name that is not in there ends the process."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

_JID = re.compile(r"(?P<user>\d+)(?:\.(?P<agent>\d+))?:(?P<number>\d+)@(?P<server>[a-z.]+)")


class StoreRefusedError(Exception):
    """The store cannot be opened; the words are fit to show to the operator."""


@dataclass(frozen=True, slots=True)
class StoredDevice:
    store: Path
    user: str
    number: int
    phones: dict[str, str]
    """By LID."""

    @property
    def library_name(self) -> str:
        """The path as the library wants it, which makes an SQLite address of it."""
        return quote(str(self.store.resolve()))


def read_stored_device(store: Path) -> StoredDevice:
    """Only for a store that the library has not open in this process. Raises StoreRefusedError."""
    try:
        # Writable, so that a journal that a crash has left behind is dealt with here.
        with closing(sqlite3.connect(f"file:{quote(str(store))}?mode=rw", uri=True)) as opened:
            devices = opened.execute("SELECT jid FROM whatsmeow_device").fetchall()
            phones = dict(opened.execute("SELECT lid, pn FROM whatsmeow_lid_map").fetchall())
    except sqlite3.Error as error:
        raise StoreRefusedError(f"the session cannot be read: {error}") from None
    if len(devices) != 1:
        held = f"{len(devices)} sessions" if devices else "no session"
        raise StoreRefusedError(f"there is {held} in its store; it has to be paired again")
    name = _JID.fullmatch(devices[0][0])
    if name is None:
        raise StoreRefusedError("the session is of a kind that this version does not know")
    return StoredDevice(store, name["user"], int(name["number"]), phones)


def is_gone(store: Path) -> bool:
    """Whether the library has deleted the device from a store that it has open, as it does after a logout.

    The file is read as bytes: our SQLite must not open it beside the library's own.
    """
    try:
        with closing(sqlite3.connect(":memory:")) as copy:
            copy.deserialize(store.read_bytes())
            (devices,) = copy.execute("SELECT count(*) FROM whatsmeow_device").fetchone()
            return bool(devices == 0)
    except FileNotFoundError:
        return True
    except (OSError, sqlite3.Error):  # it was being written to
        return False
