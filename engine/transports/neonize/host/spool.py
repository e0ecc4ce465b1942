"""What came in and was not yet taken by the engine: on disk before it is told, and told again until it is.

It is written on the library's own thread, before its callback returns. The library has acknowledged the message to
WhatsApp by then (measured: the acknowledgement is out while the callback still runs), so what a kill finds between
the two is lost: that is a few milliseconds of receipts and messages, not all that an engine has not taken.
"""

import itertools
import json
import logging
import sqlite3
import threading
import time
from pathlib import Path

from engine.transports.forms import Frame

log = logging.getLogger(__name__)

_SCHEMA = "CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL)"


class Spool:
    """One device's. Usable from every thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # A killed process loses nothing this way; a machine that loses its power, the last moments.
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._file.execute(_SCHEMA)
        self._unwritten: dict[int, Frame] = {}
        self._numbers = itertools.count(-time.time_ns(), -1)  # not given twice by a later spool

    def add(self, content: Frame) -> int:
        """The event's number. On a full disk it is kept in memory."""
        with self._lock:
            try:
                statement = "INSERT INTO events (content) VALUES (?)"
                written = self._file.execute(statement, (json.dumps(content, ensure_ascii=False),))
                return int(written.lastrowid or 0)
            except sqlite3.Error as error:
                log.error("an event cannot be written to disk: %s", error)  # noqa: TRY400  # no values in a log
                number = next(self._numbers)
                self._unwritten[number] = content
                return number

    def waiting(self) -> list[tuple[int, Frame]]:
        """In the order in which they came."""
        with self._lock:
            written = self._file.execute("SELECT id, content FROM events ORDER BY id").fetchall()
            return [(number, json.loads(content)) for number, content in written] + list(self._unwritten.items())

    def taken(self, number: int) -> None:
        with self._lock:
            if self._unwritten.pop(number, None) is None:
                try:
                    self._file.execute("DELETE FROM events WHERE id = ?", (number,))
                except sqlite3.Error as error:  # it is told once more, that is all
                    log.error("an event cannot be taken off the disk: %s", error)  # noqa: TRY400

    def close(self) -> None:
        with self._lock:
            self._file.close()
