"""A device host as a process: `python -m engine.transports.neonize.host DESCRIPTOR [--errand]`.

The descriptor is one end of a socket pair. With `--errand` it pairs or unlinks one device instead.
"""

import asyncio
import importlib
import logging
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engine.transports.neonize.host.conversation import Conversation
from engine.transports.neonize.host.timing import Timing

MOST_DEVICES = 200  # each keeps a thread of the pool for as long as it is connected
SPARE_THREADS = 32
ERRAND = "engine.transports.neonize.host.errand"


def main(arguments: Sequence[str], timing: Timing | None = None) -> None:
    descriptor, *options = arguments
    # The engine decides about the end, also of one that comes to the whole group of processes: it drains first.
    for sent_to_all in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sent_to_all, signal.SIG_IGN)
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING, force=True)
    code = 1
    try:
        asyncio.run(_run(int(descriptor), timing or Timing(), errand="--errand" in options))
        code = 0
    finally:
        if code:
            logging.exception("the device host failed")
        logging.shutdown()
        os._exit(code)  # the library's threads would not end


async def _run(descriptor: int, timing: Timing, *, errand: bool) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MOST_DEVICES + SPARE_THREADS))
    conversation = await Conversation.begin(descriptor)
    try:
        if errand:
            await importlib.import_module(ERRAND).run(conversation)
            return
        from engine.transports.neonize.host.host import Host
    except (ImportError, OSError, RuntimeError) as error:
        await _be_of_no_use(conversation, str(error))
        return
    await Host(conversation, timing).run()


async def _be_of_no_use(conversation: Conversation, error: str) -> None:
    ...


if __name__ == "__main__":
    main(sys.argv[1:])
