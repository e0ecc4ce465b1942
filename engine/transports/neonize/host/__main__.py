"""A device host as a process: `python -m engine.transports.neonize.host DESCRIPTOR`, one end of a socket pair."""

import asyncio
import logging
import os
import resource
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

from engine.transports.neonize.host import without_library
from engine.transports.neonize.host.conversation import Conversation
from engine.transports.neonize.host.timing import Timing

MOST_DEVICES = 200  # each keeps a thread of the pool for as long as it is connected
SPARE_THREADS = 32

log = logging.getLogger(__name__)


def main(descriptor: int, timing: Timing | None = None) -> None:
    """Does not return: the library's threads would not let the process end."""
    # The engine decides about the end, also of one that comes to the whole group of processes: it drains first.
    for sent_to_all in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent_to_all, signal.SIG_IGN)
    # The library leaves a file open with every connect.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    code = 1
    try:
        asyncio.run(_run(descriptor, timing or Timing()))
        code = 0
    except BaseException:
        log.exception("the device host failed")
    logging.shutdown()
    os._exit(code)


async def _run(descriptor: int, timing: Timing) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_DEVICES + SPARE_THREADS))
    conversation = await Conversation.begin(descriptor)
    try:
        from engine.transports.neonize.host.host import Host  # noqa: PLC0415  # where it cannot be loaded, say so
    except (ImportError, OSError, RuntimeError) as error:
        await without_library.explain(conversation, without_library.words_for(error))
        return
    await Host(conversation, timing).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
