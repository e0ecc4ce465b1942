"""The unmodified neonize as one device, in a process of its own: does what it is told line by line, says what it hears.

Started by `real_device.py`. Every line is a JSON object; bytes are base64. The library writes to stdout, so the lines go
over a socket whose descriptor is the first argument.
"""

import asyncio
import base64
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from google.protobuf.json_format import MessageToDict
from neonize._binder import ProxySettings
from neonize.aioze import events
from neonize.aioze.client import NewAClient
from neonize.proto.Neonize_pb2 import JID
from neonize.proto.waE2E.WAWebProtobufsE2E_pb2 import AudioMessage, Message, VideoMessage
from neonize.utils.enum import MediaType

from tests.whatsapp_loopback.nodes import Jid
from tests.whatsapp_loopback.root_key import trust_the_loopback_server

THREADS = 16
"""Of which the library keeps one for each client."""

Fields = dict[str, Any]


class Device:
    def __init__(self, store: str, jid: str, proxy_url: str, writer: asyncio.StreamWriter) -> None:
        self._proxy = ProxySettings(proxy_url)
        self._writer = writer
        self._me = address(jid)
        self._client = NewAClient(store, jid=self._me)
        self._heard: dict[str, Message] = {}
        self._client.event(events.ConnectedEv)(self._connected)
        self._client.event(events.MessageEv)(self._message)
        self._client.event(events.ReceiptEv)(self._receipt)

    def say(self, **fields: Any) -> None:
        self._writer.write(json.dumps(fields).encode() + b"\n")

    async def _connected(self, _: NewAClient, __: events.ConnectedEv) -> None:
        self.say(event="connected")

    async def _message(self, _: NewAClient, event: events.MessageEv) -> None:
        source = event.Info.MessageSource
        self._heard[event.Info.ID] = event.Message
        self.say(
            event="message",
            id=event.Info.ID,
            chat=readable(source.Chat),
            sender=readable(source.Sender),
            sender_alt=readable(source.SenderAlt),
            from_me=source.IsFromMe,
            message=MessageToDict(event.Message),
        )

    async def _receipt(self, _: NewAClient, event: events.ReceiptEv) -> None:
        self.say(event="receipt", ids=list(event.MessageIDs), type=event.Type)

    # What it is told

    async def connect(self) -> None:
        await self._client.connect(self._proxy)

    async def send_text(self, to: str, text: str) -> str:
        return (await self._client.send_message(address(to), text)).ID

    async def send_image(self, to: str, file: str, caption: str) -> str:
        return (await self._client.send_image(address(to), decoded(file), caption)).ID

    async def send_document(self, to: str, file: str, caption: str, name: str) -> str:
        return (await self._client.send_document(address(to), decoded(file), caption, filename=name)).ID

    async def send_video(self, to: str, file: str, caption: str) -> str:
        """As the product does it: without the programs that the library would call."""
        uploaded = await self._uploaded(file, MediaType.MediaVideo)
        video = VideoMessage(
            **uploaded, mimetype="video/mp4", caption=caption, seconds=2, JPEGThumbnail=b"thumbnail"
        )
        return (await self._client.send_message(address(to), Message(videoMessage=video))).ID

    async def send_voice_note(self, to: str, file: str) -> str:
        uploaded = await self._uploaded(file, MediaType.MediaAudio)
        audio = AudioMessage(**uploaded, mimetype="audio/ogg; codecs=opus", seconds=3, PTT=True)
        return (await self._client.send_message(address(to), Message(audioMessage=audio))).ID

    async def _uploaded(self, file: str, kind: MediaType) -> Fields:
        uploaded = await self._client.upload(decoded(file), kind)
        return {
            "URL": uploaded.url,
            "directPath": uploaded.DirectPath,
            "mediaKey": uploaded.MediaKey,
            "fileSHA256": uploaded.FileSHA256,
            "fileEncSHA256": uploaded.FileEncSHA256,
            "fileLength": uploaded.FileLength,
        }

    async def revoke(self, to: str, message_id: str) -> str:
        return (await self._client.revoke_message(address(to), self._me, message_id)).ID

    async def download(self, message_id: str) -> str:
        return base64.b64encode(await self._client.download_any(self._heard[message_id])).decode()


def decoded(file: str) -> bytes:
    return base64.b64decode(file)


def address(text: str) -> JID:
    jid = Jid.parse(text)
    return JID(User=jid.user, Device=jid.device, Server=jid.server, RawAgent=0, Integrator=0, IsEmpty=False)


def readable(jid: JID) -> str:
    return str(Jid(jid.User, jid.Server, jid.Device)) if jid.User else ""


async def main(descriptor: int, store: str, jid: str, proxy_url: str) -> None:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    trust_the_loopback_server()
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
    device = Device(store, jid, proxy_url, writer)
    while line := await reader.readline():
        order = json.loads(line)
        told: Callable[..., Awaitable[Any]] = getattr(device, order.pop("do"))
        try:
            device.say(answer=await told(**order))
        except Exception as error:  # noqa: BLE001  # the one who told it asks
            device.say(error=f"{type(error).__name__}: {error}")
    os._exit(0)  # the library's own threads would not end


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
