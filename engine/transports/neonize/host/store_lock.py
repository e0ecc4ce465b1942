"""One process at a time has a session open, of however many on this disk: two would use the same keys twice.

An engine that drains gives its devices up a moment before its hosts have ended; one that is frozen loses them
while its hosts live on. The operating system lets go of the lock when the process ends, however it ends.
"""

import fcntl
import os
from pathlib import Path

IN_USE = "another dripdesk process on this machine still has the session open; it is waited for"


class StoreInUseError(Exception):
    """The words are fit to show to the operator."""


class StoreLock:
    def __init__(self, store: Path) -> None:
        """Raises StoreInUseError; OSError when the disk is full, say."""
        self._file = os.open(store.with_name("session.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise StoreInUseError(IN_USE) from None
        except OSError:
            self.release()
            raise

    def release(self) -> None:
        os.close(self._file)
