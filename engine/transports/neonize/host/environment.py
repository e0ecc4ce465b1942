"""What the library reads from the environment of its process.

Its Go part sees the variables that the process was started with, and none that is set later: so the process starts
itself again, in the same place and with the same files open.
"""

import os
import sys

# It marks every private message as one of a bot, unless it is told not to.
WANTED = {"NEONIZE_BOT_TAG": "off"}


def ensure_environment() -> None:
    """To be called before anything else. Returns in a process that has all of it."""
    if not WANTED.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **WANTED})  # noqa: S606
