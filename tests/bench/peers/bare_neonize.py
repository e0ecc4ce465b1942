"""neonize as one would use it without hosts: every device in this process, which sends and does nothing else.

Run as a process of its own, with `--go STDIN`: it connects its devices, says so, and sends when it is told to.
"""

import asyncio
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from neonize._binder import ProxySettings
from neonize.aioze.client import NewAClient
from neonize.aioze.events import ConnectedEv, ReceiptEv
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import ExtendedTextMessage, Message
from neonize.utils.jid import build_jid

from tests.whatsapp_loopback.root_key import trust_the_loopback_server

CONNECT_WITHIN = 30


async def connected(store: str, phone: str, proxy: str) -> NewAClient:
    jid = JID(User=phone, Device=1, Server="s.whatsapp.net", RawAgent=0, Integrator=0, IsEmpty=False)
    client = NewAClient(store, jid=jid)
    online = asyncio.Event()

    @client.event(ConnectedEv)
    async def _(_: NewAClient, __: Any) -> None:
        online.set()

    @client.event(ReceiptEv)
    async def _(_: NewAClient, __: Any) -> None:
        return

    await client.connect(ProxySettings(proxy))
    await asyncio.wait_for(online.wait(), CONNECT_WITHIN)
    return client


async def send_all(client: NewAClient, recipients: list[str], words: str) -> None:
    for recipient in recipients:
        message = Message(extendedTextMessage=ExtendedTextMessage(text=words))
        await client.send_message(build_jid(recipient), message)


async def main(report: int, orders: dict[str, Any]) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(len(orders["devices"]) + 32))
    trust_the_loopback_server()
    clients = [await connected(store, phone, orders["proxy"]) for store, phone in orders["devices"]]
    with os.fdopen(report, "w") as out:
        print("online", file=out, flush=True)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            recipients = json.loads(line)
            began = time.process_time()
            async with asyncio.TaskGroup() as sending:
                for client, theirs in zip(clients, recipients, strict=True):
                    sending.create_task(send_all(client, theirs, orders["words"]))
            print(time.process_time() - began, file=out, flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())))
