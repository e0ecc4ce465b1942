"""How a process is started that holds the library."""

import os
import sys

import psutil
import pytest

from engine.transports.neonize.child import start_child

TELLS = """
import os, socket, sys
told = f"{os.environ.get('NEONIZE_BOT_TAG')} {os.getsid(0) == os.getpid()}"
socket.socket(fileno=int(sys.argv[1])).sendall(told.encode())
"""


async def test_it_sends_no_marks_of_a_bot_and_hears_no_ctrl_c_of_ours():
    child = await start_child((sys.executable, "-c", TELLS))
    assert await child.reader.read() == b"off True"
    assert await child.process.wait() == 0
    child.writer.close()
    await child.writer.wait_closed()


async def test_one_that_cannot_be_started_leaves_no_descriptor():
    before = psutil.Process(os.getpid()).num_fds()
    with pytest.raises(OSError, match="no such program"):
        await start_child(("/no such program",))
    assert psutil.Process(os.getpid()).num_fds() == before
