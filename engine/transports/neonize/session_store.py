"""A device's session as the library keeps it, one SQLite file: what is worth a backup, and how it is restored.

The backup leaves out the ratchets, and what only matters to messages on their way. A ratchet that is put back to
where it was some minutes ago encrypts with keys that were used already, and the recipient's phone drops such a
message without a word: a copy that is one message old would lose the next one. Without a ratchet the library makes
a new one from the recipient's prekeys at the next message. What is kept makes the device the one that was paired:
its identity, the prekeys that others may still use, the keys of the account's settings, who is behind which LID,
and the tokens that people have given it.

The live file is read as bytes, never opened as a database. The library brings its own SQLite, and two copies of
SQLite in one process do not see each other's locks: ours would take a journal of the library's for one that a
crash has left behind, and roll the transaction back under it (sqlite.org/howtocorrupt.html, 2.2.1). While a
transaction changes the file there is a journal beside it, and each one counts up a number in the file's header:
what is the same before and after reading, with no journal there, is one moment of the file.
"""

import hashlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from io import FileIO
from pathlib import Path
from urllib.parse import quote

BUSY_FOR = 5.0  # seconds that a store may change under every try to read it
_TRY_AGAIN_AFTER = 0.01
_FORMAT = b"\x01"

KEPT = (
    "whatsmeow_version",
    "whatsmeow_device",
    "whatsmeow_identity_keys",
    "whatsmeow_pre_keys",
    "whatsmeow_app_state_sync_keys",
    "whatsmeow_privacy_tokens",
    "whatsmeow_nct_salt",
    "whatsmeow_lid_map",
)
# Ratchets, messages on their way, and what the library fetches anew from WhatsApp or can do without.
LEFT_OUT = (
    "whatsmeow_sessions",
    "whatsmeow_sender_keys",
    "whatsmeow_message_secrets",
    "whatsmeow_event_buffer",
    "whatsmeow_retry_buffer",
    "whatsmeow_app_state_version",
    "whatsmeow_app_state_mutation_macs",
    "whatsmeow_contacts",
    "whatsmeow_chat_settings",
)

_SCHEMA = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type = 'index'"

# A prekey that somebody has used goes away; to have it once more does no harm. New ones must be there.
_VITAL = """
SELECT (SELECT max(key_id) FROM whatsmeow_pre_keys),
       (SELECT max(key_id) FROM whatsmeow_pre_keys WHERE uploaded),
       (SELECT count(*) || ' ' || coalesce(max(timestamp), 0) FROM whatsmeow_app_state_sync_keys),
       (SELECT group_concat(hex(salt)) FROM whatsmeow_nct_salt)
"""
# These grow with every person who is written to. To lose the last few of many costs a question to WhatsApp.
_GROWING = """
SELECT (SELECT count(*) FROM whatsmeow_identity_keys),
       (SELECT count(*) FROM whatsmeow_lid_map),
       (SELECT count(*) FROM whatsmeow_privacy_tokens)
"""


class StoreError(Exception):
    """The file is no store of the library, or not for as long as it was asked."""


def durable_copy(path: Path) -> bytes:
    """What of a store, which may be in use, must survive this disk. Raises StoreError."""
    with _moment(path) as live, closing(sqlite3.connect(":memory:")) as copy:
        _check_tables(live)
        for (made_by,) in live.execute(_SCHEMA):
            copy.execute(made_by)
        for table in KEPT:
            rows = live.execute(f"SELECT * FROM {table}")
            places = ", ".join("?" for _ in rows.description)
            copy.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        copy.commit()
        return _FORMAT + zlib.compress(copy.serialize())


def fingerprint(path: Path) -> str:
    """Tell two states of a store apart by what is worth a new copy. Raises StoreError.

    What grows with the work done counts by steps of about a tenth: a backup for every contact would be too many.
    """
    with _moment(path) as live:
        _check_tables(live)
        device = live.execute("SELECT * FROM whatsmeow_device").fetchall()
        vital = live.execute(_VITAL).fetchone()
        growing = [_roughly(count) for count in live.execute(_GROWING).fetchone()]
        return hashlib.sha256(repr((device, vital, growing)).encode()).hexdigest()


def restore(content: bytes, path: Path) -> None:
    """Put a durable copy in the place of whatever store is there: all of it or nothing. Raises StoreError."""
    if content[:1] != _FORMAT:
        raise StoreError("the copy was made by another version of dripdesk")
    try:
        store = zlib.decompress(content[1:])
    except zlib.error:
        raise StoreError("the copy is damaged") from None
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    write_private(beside, store)
    for journal in ("-journal", "-wal", "-shm"):  # of what was there: SQLite would apply it to this one
        path.with_name(path.name + journal).unlink(missing_ok=True)
    beside.replace(path)


def device_rows(path: Path) -> list[str]:
    """The devices in a store, as "60123456789:5@s.whatsapp.net"; none if it is no store.

    Only for a store that this process has not open in the library.
    """
    with suppress(sqlite3.Error), closing(_opened(path)) as store:
        return [jid for (jid,) in store.execute("SELECT jid FROM whatsmeow_device ORDER BY jid")]
    return []


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only this user can read, through to the disk."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as writer:
        writer.write(content)
        writer.flush()
        os.fsync(writer.fileno())


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)


@contextmanager
def _moment(path: Path) -> Iterator[sqlite3.Connection]:
    """One moment of a store that may be in use, as a database in memory."""
    with closing(sqlite3.connect(":memory:")) as memory:
        try:
            memory.deserialize(_read(path))
            yield memory
        except sqlite3.Error as error:
            raise StoreError(f"{path.name} is no store of this version of the library: {error}") from error


def _read(path: Path) -> bytes:
    until = time.monotonic() + BUSY_FOR
    try:
        while True:
            with path.open("rb", buffering=0) as file:
                before = _count(file)  # first of all, and again last of all: no change fits in between unseen
                quiet = not _journal(path).exists()
                content = file.read() if quiet else b""
                if quiet and not _journal(path).exists() and _count(file) == before:
                    return content
            if time.monotonic() > until:
                raise StoreError(f"{path.name} did not stand still for {BUSY_FOR:g} s")
            time.sleep(_TRY_AGAIN_AFTER)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


def _count(file: FileIO) -> tuple[bytes, int]:
    """How many transactions have changed the file, from its header, and when the last one did."""
    return os.pread(file.fileno(), 4, 24), os.fstat(file.fileno()).st_mtime_ns


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _check_tables(store: sqlite3.Connection) -> None:
    """What a new version of the library adds must be put on one of the two lists by somebody who knows."""
    tables = {name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if odd := tables ^ {*KEPT, *LEFT_OUT}:
        raise StoreError(f"the library keeps its sessions another way than this dripdesk knows: {sorted(odd)}")


def _roughly(count: int) -> tuple[int, int]:
    """The count to three binary digits after the first."""
    shift = max(0, count.bit_length() - 4)
    return count >> shift, shift
