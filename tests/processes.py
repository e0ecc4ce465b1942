"""What every test needs that starts the product as a process of its own."""

import os
import random
import socket
from pathlib import Path

ROOT = Path(__file__).parent.parent


def clean_environment(**variables: str) -> dict[str, str]:
    """Only what a process needs, so that no setting of the developer's shell changes a test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


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
