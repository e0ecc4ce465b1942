"""A short-lived process with one device in it, to pair it or to unlink it: `python -m … errand DESCRIPTOR`.

What it is to do comes over the socket that it has inherited; it ends when that is done, or when the socket's other
end is gone. A pairing needs a process of its own: in the library nothing else ends one that shows its codes.
"""

import asyncio
import os
import shutil
import socket
import sys
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from engine.transports.neonize.pairing_refusals import Refusal, refused
from engine.transports.neonize.steps import PAIR, Order, read_order, step_packet
from engine.transports.neonize.wire import Packet, pack, read_packet

THREADS = 8  # the client occupies one for as long as it is connected


async def run(descriptor: int) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=descriptor))
    packet = await read_packet(reader)
    if packet is not None:
        await _work_while_asked(read_order(packet), reader, writer)
    os._exit(0)  # the library's threads would not end


async def _work_while_asked(order: Order, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    work = asyncio.create_task(_carry_out(order, writer))
    gone = asyncio.create_task(reader.read())
    await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
    if not work.done():
        work.cancel()
        await asyncio.wait([work])
        # Whoever has sent us may be dead: a session must not lie about.
        shutil.rmtree(Path(order.store).parent, ignore_errors=True)
    if not work.cancelled():
        work.result()


async def _carry_out(order: Order, writer: asyncio.StreamWriter) -> None:
    try:
        from engine.transports.neonize.host import linking  # noqa: PLC0415 (where it cannot be loaded, say so)
    except (ImportError, OSError) as error:
        await _say(writer, step_packet(refused(Refusal.UNAVAILABLE, str(error))))
        return
    store = Path(order.store)
    if order.what != PAIR:
        unlinked = await linking.unlink(store, order.proxy, order.waits)
        await _say(writer, Packet({"type": "answer", "unlinked": unlinked}))
        return
    pairing = linking.Pairing(store, order.proxy, order.phone, order.waits)
    try:
        async for step in pairing.steps():
            await _say(writer, step_packet(step))
    except asyncio.CancelledError:
        with suppress(Exception):  # it was tried; the phone's owner can still remove it
            await pairing.take_back()
        raise


async def _say(writer: asyncio.StreamWriter, packet: Packet) -> None:
    writer.write(pack(packet))
    await writer.drain()


def main() -> None:
    asyncio.run(_until_it_breaks(int(sys.argv[1])))


async def _until_it_breaks(descriptor: int) -> None:
    try:
        await run(descriptor)
    except Exception:  # noqa: BLE001 (nobody but the log is left to be told)
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    main()
