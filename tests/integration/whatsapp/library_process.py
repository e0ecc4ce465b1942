"""The real library in a process of its own, told what to do by lines of JSON on an inherited socket.

Its Go part prints to the standard output, and can end the process: both are why it is not in the test's.
"""

import asyncio
import json
import os
import socket
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.json_format import MessageToDict
from neonize._binder import ProxySettings
from neonize.aioze.client import NewAClient
from neonize.events import EVENT_TO_INT
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import AudioMessage, Message, VideoMessage
from neonize.utils.enum import MediaType
from neonize.utils.jid import build_jid

from tests.whatsapp_loopback.root_key import trust_the_loopback_server

DEVICES = 64
"""Each occupies a thread for as long as it is connected."""
GONE_WITHIN = 3
"""Seconds; one that waits for its code to be scanned never ends."""
LONGEST_LINE = 1 << 26
"""Files are sent in them."""


class Process:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.clients: dict[str, NewAClient] = {}
        self.former: list[NewAClient] = []
        self.messages: defaultdict[str, list[Any]] = defaultdict(list)
        self.connecting: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while line := await self.reader.readline():
                group.create_task(self.obey(json.loads(line)))

    async def obey(self, order: dict[str, Any]) -> None:
        try:
            result = await getattr(self, order["do"])(**order["with"])
        except Exception as error:  # noqa: BLE001  # whatever the library raises is for the test to see
            self.say(answers=order["id"], error=f"{type(error).__name__}: {error}")
        else:
            self.say(answers=order["id"], result=result)

    def say(self, **what: Any) -> None:
        self.writer.write(json.dumps(what).encode() + b"\n")

    async def connect(self, device: str, store: str, phone: str | None, number: int, proxy: str) -> None:
        jid = phone and JID(
            User=phone, Device=number, Server="s.whatsapp.net", RawAgent=0, Integrator=0, IsEmpty=False
        )
        if device in self.clients:
            self.former.append(self.clients[device])  # collected, it would end the new client of its name
        client = self.clients[device] = NewAClient(store, jid=jid or None, uuid=device)
        for kind in EVENT_TO_INT:
            if EVENT_TO_INT[kind]:
                client.event(kind)(self._listener(device, kind.__name__))

        @client.qr
        async def shown(_: NewAClient, code: bytes) -> None:
            self.say(device=device, event="code", data={"text": code.decode()})

        task = self.connecting[device] = await client.connect(ProxySettings(proxy))
        task.add_done_callback(lambda task: self._ended(device, task))

    def _listener(self, device: str, name: str) -> Any:
        async def heard(_: NewAClient, event: Any) -> None:
            if name == "Message":
                self.messages[device].append(event)
            self.say(device=device, event=name, data=MessageToDict(event))

        return heard

    def _ended(self, device: str, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        self.say(device=device, event="ended", data={"error": error and str(error)})

    async def code(self, device: str, phone: str) -> str:
        return await self.clients[device].PairPhone(phone, True)

    async def text(self, device: str, to: str, body: str) -> str:
        return (await self.clients[device].send_message(build_jid(to), body)).ID

    async def image(self, device: str, to: str, file: str, caption: str) -> str:
        return (await self.clients[device].send_image(build_jid(to), bytes.fromhex(file), caption)).ID

    async def document(self, device: str, to: str, file: str, name: str, caption: str | None = None) -> str:
        client = self.clients[device]
        return (await client.send_document(build_jid(to), bytes.fromhex(file), caption, filename=name)).ID

    async def video(self, device: str, to: str, file: str, caption: str) -> str:
        """Without the programs that the library would call for it."""
        uploaded = await self._uploaded(device, file, MediaType.MediaVideo)
        video = VideoMessage(
            **uploaded, mimetype="video/mp4", caption=caption, seconds=2, JPEGThumbnail=b"thumbnail"
        )
        return (await self.clients[device].send_message(build_jid(to), Message(videoMessage=video))).ID

    async def voice_note(self, device: str, to: str, file: str) -> str:
        uploaded = await self._uploaded(device, file, MediaType.MediaAudio)
        audio = AudioMessage(**uploaded, mimetype="audio/ogg; codecs=opus", seconds=3, PTT=True)
        return (await self.clients[device].send_message(build_jid(to), Message(audioMessage=audio))).ID

    async def _uploaded(self, device: str, file: str, kind: MediaType) -> dict[str, Any]:
        uploaded = await self.clients[device].upload(bytes.fromhex(file), kind)
        return {
            "URL": uploaded.url,
            "directPath": uploaded.DirectPath,
            "mediaKey": uploaded.MediaKey,
            "fileSHA256": uploaded.FileSHA256,
            "fileEncSHA256": uploaded.FileEncSHA256,
            "fileLength": uploaded.FileLength,
        }

    async def revoke(self, device: str, to: str, phone: str, message_id: str) -> str:
        client = self.clients[device]
        return (await client.revoke_message(build_jid(to), build_jid(phone), message_id)).ID

    async def upload(self, device: str, file: str) -> str:
        return (await self.clients[device].upload(bytes.fromhex(file), MediaType.MediaImage)).url

    async def download(self, device: str, number: int) -> str:
        """The file in the so-manieth message that came."""
        return (await self.clients[device].download_any(self.messages[device][number].Message)).hex()

    async def on_whatsapp(self, device: str, phones: list[str]) -> dict[str, bool]:
        return {found.Query: found.IsIn for found in await self.clients[device].is_on_whatsapp(*phones)}

    async def connected(self, device: str) -> bool:
        return bool(await self.clients[device].is_connected)

    async def logout(self, device: str) -> None:
        await self.clients[device].logout()

    async def stop(self, device: str) -> None:
        """Under one name, a new client must not begin before the end of the old one: that would end it."""
        await self.clients[device].stop()
        await asyncio.wait({self.connecting[device]}, timeout=GONE_WITHIN)


async def main(descriptor: int) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(DEVICES))
    sock = socket.socket(fileno=descriptor)
    reader, writer = await asyncio.open_unix_connection(sock=sock, limit=LONGEST_LINE)
    await Process(reader, writer).run()


if __name__ == "__main__":
    if sys.argv[2] == "trusting":
        trust_the_loopback_server()
    try:
        asyncio.run(main(int(sys.argv[1])))
    finally:
        os._exit(0)  # the library's threads would not end
