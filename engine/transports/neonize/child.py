"""Starts a process that holds the WhatsApp library, at the other end of a socket pair.

The pair has no path that anybody else could connect to, and each side sees at once when the other one is gone.
"""

import asyncio
import os
import socket
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass

# The library marks every private message as one of a bot, unless it is told not to. Its Go part sees the variables
# that its process was started with, and none that is set later.
ENVIRONMENT = {"NEONIZE_BOT_TAG": "off"}


@dataclass(frozen=True, slots=True)
class Child:
    process: Process
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


async def start_child(command: Sequence[str]) -> Child:
    """Put the number of its end of the socket pair behind the command, and start it. Raises OSError."""
    ours, theirs = socket.socketpair()
    try:
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *command,
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                env={**os.environ, **ENVIRONMENT},
                stdin=DEVNULL,
                stdout=DEVNULL,  # the library writes there, codes and phones among others
                stderr=PIPE,
                start_new_session=True,  # Ctrl-C is for us alone: we end it when it has finished what it is at
            )
        reader, writer = await asyncio.open_unix_connection(sock=ours)
    except BaseException:
        ours.close()  # upon which it ends
        raise
    return Child(process, reader, writer)
