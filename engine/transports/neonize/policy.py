"""How device hosts are started, looked after and ended: the numbers in one place. Times are machine seconds."""

import sys
from dataclasses import dataclass

HOST_COMMAND = (sys.executable, "-m", "engine.transports.neonize.host")


@dataclass(frozen=True, slots=True)
class HostPolicy:
    ready_within: float = 60.0  # importing the library takes seconds, and longer on a busy machine
    end_within: float = 1.5  # then it is killed; the whole process has 20 s for its end
    close_within: float = 8.0  # below what the pool gives a worker; the line goes on closing beside
    linger: float = 10.0  # without devices, in case one comes right back
    ask_every: float = 10.0  # whether it still answers
    hung_after: float = 45.0  # without an answer
    look_every: float = 30.0  # at age and memory
    recycle_after: float = 24 * 3600.0
    memory_limit: int = 512 * 2**20  # bytes; with 50 devices it has about 100 MB
    shortest_life: float = 3600.0  # for its memory's sake a host is not replaced sooner
    move_within: float = 120.0  # one device; a send may take 75 s
    check_within: float = 10.0  # a question whether a number is on WhatsApp
