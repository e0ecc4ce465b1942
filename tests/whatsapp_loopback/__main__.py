"""`python -m tests.whatsapp_loopback`: says in one line of JSON where it is, and runs until its input ends."""

import asyncio
import json
import logging
import sys

from aiohttp import web

from tests.whatsapp_loopback import remote
from tests.whatsapp_loopback.server import LoopbackServer, loopback_socket


async def main() -> None:
    async with LoopbackServer() as server:
        runner = web.AppRunner(remote.application(server), access_log=None, handle_signals=False)
        await runner.setup()
        listener = loopback_socket()
        await web.SockSite(runner, listener).start()
        control = f"http://127.0.0.1:{listener.getsockname()[1]}"
        where = {"control": control, "proxy_url": server.proxy_url, "ca_file": str(server.ca_file)}
        print(json.dumps(where), flush=True)
        await _until_input_ends()
        await runner.cleanup()


async def _until_input_ends() -> None:
    """Whoever started it has gone, or wants it gone."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    asyncio.run(main())
