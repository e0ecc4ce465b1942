"""What every test needs that starts the product as a process of its own."""

import os
import random
import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent


def clean_environment(**variables: str) -> dict[str, str]:
    """Only what a process needs, so that no setting of the developer's shell changes a test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


@contextmanager
def home_directory(what: str) -> Iterator[Path]:
    """For whatever starts the embedded PostgreSQL.

    Not under pytest's own directory: that is made private again by every other run of pytest, and as root the
    server runs as a user of its own.
    """
    home = Path(tempfile.mkdtemp(prefix=f"dripdesk-{what}-"))
    try:
        yield home
    finally:
        give_up_at = time.monotonic() + 5
        while home.exists() and time.monotonic() < give_up_at:
            shutil.rmtree(home, ignore_errors=True)  # the server's keeper may just be looking for its locks
            time.sleep(0.01)


# Below every system's ephemeral ports (Linux begins at 32768): what a test picked for a process that starts a
# moment later must not become the near end of somebody's outgoing connection meanwhile.
PICKED_FROM = range(20_000, 32_000)


def free_port() -> int:
    """A loopback port that nobody listens on, and that nobody is given by chance."""
    for port in random.SystemRandom().sample(PICKED_FROM, len(PICKED_FROM)):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no port of {PICKED_FROM} is free")
