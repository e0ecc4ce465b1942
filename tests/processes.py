"""What every test needs that starts the product as a process of its own."""

import os
import socket
from pathlib import Path

ROOT = Path(__file__).parent.parent


def clean_environment(**variables: str) -> dict[str, str]:
    """Only what a process needs, so that no setting of the developer's shell changes a test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
