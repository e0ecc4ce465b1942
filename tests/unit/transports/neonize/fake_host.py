"""A device host without WhatsApp: it obeys, and breaks on command. `fake_host [DIRECTORY] DESCRIPTOR`.

What a device shall do wrong stands in the file `fault` beside its store, as one of the words of `Fault`. What was
sent is in `ledger.jsonl` in the directory (without one: that above the devices), one JSON line a message, written
before the answer. Two lines of one device at a time are noted in `violations` there.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from enum import StrEnum
from pathlib import Path

from engine.transports.neonize.wire import Packet, pack, read_packet


class Fault(StrEnum):
    NONE = ""
    CRASH_ON_OPEN = "crash_on_open"
    CRASH_ON_SEND = "crash_on_send"  # before anything is sent
    CRASH_AFTER_SEND = "crash_after_send"  # the answer is lost
    HANG_ON_OPEN = "hang_on_open"
    HANG_ON_SEND = "hang_on_send"  # until the fault is over
    HANG_ON_CLOSE = "hang_on_close"
    DEAF = "deaf"  # the whole host does not answer any more
    FLOOD = "flood"  # of receipts, at each send
    REFUSE = "refuse"  # the store is no session
    BUSY = "busy"  # another process has it open
    BAN = "ban"
    OFFLINE = "offline"
    GIBBERISH = "gibberish"


class Device:
    def __init__(self, number: int, store: Path, directory: Path | None) -> None:
        self.number = number
        self.home = store.parent
        self.directory = directory or self.home.parent
        self.busy = asyncio.Lock()
        self.claim = self.directory / f"line-{number}"

    @property
    def fault(self) -> Fault:
        try:
            return Fault((self.home / "fault").read_text())
        except FileNotFoundError:
            return Fault.NONE

    def claim_line(self) -> None:
        if self.claim.exists() and Path(f"/proc/{self.claim.read_text()}").exists():
            with (self.directory / "violations").open("a") as file:
                file.write(f"two lines of device {self.number}\n")
        self.claim.write_text(str(os.getpid()))

    @property
    def spool(self) -> list:
        file = self.home / "spool.json"
        return json.loads(file.read_text()) if file.exists() else []

    @spool.setter
    def spool(self, events: list) -> None:
        beside = self.home / "spool.new"  # tests read it at any time
        beside.write_text(json.dumps(events))
        beside.replace(self.home / "spool.json")

    def note(self, message: dict, content: bytes) -> str:
        ledger = self.directory / "ledger.jsonl"
        line = {"device": self.number, "pid": os.getpid(), **message, "bytes": len(content)}
        with ledger.open("a") as file:
            file.write(json.dumps(line) + "\n")
        return f"{self.number}-{message['ref']}"


def crash() -> None:
    print("panic: runtime error: invalid memory address\n+60123456789 was written to", file=sys.stderr, flush=True)
    os.abort()


class Host:
    def __init__(self, writer: asyncio.StreamWriter, directory: Path | None) -> None:
        self.writer = writer
        self.directory = directory
        self.devices: dict[int, Device] = {}
        self.opening = asyncio.Lock()
        self.media: set[str] = set()
        self.deaf = False

    def say(self, header: dict, blob: bytes = b"") -> None:
        if not self.deaf:
            self.writer.write(pack(Packet(header, blob)))

    def answer(self, request: int, blob: bytes = b"", **content: object) -> None:
        self.say({"type": "answer", "request": request, **content}, blob)

    async def obey(self, packet: Packet) -> None:
        header = packet.header
        match header["type"]:
            case "configure" | "ping":
                self.answer(header["request"])
            case "open":
                await self.open(header)
            case "close":
                await self.close(header)
            case "send":
                await self.send(header, packet.blob)
            case "revoke":
                self.answer(header["request"], outcome="revoked")
            case "check":
                there = {phone: not phone.endswith("404") for phone in header["phones"]}
                lids = {phone: f"{phone[1:]}9" for phone in header["phones"] if there[phone]}
                self.answer(header["request"], on_whatsapp=there, lids=lids)
            case "durable":
                self.answer(header["request"], blob=b"durable", sha256="")
            case "ack":
                device = self.devices[header["device"]]
                device.spool = [event for event in device.spool if event["event"] != header["event"]]

    async def open(self, header: dict) -> None:
        async with self.opening:
            device = self.devices[header["device"]] = Device(
                header["device"], Path(header["store"]), self.directory
            )
            fault = device.fault
            if fault is Fault.CRASH_ON_OPEN:
                crash()
            if fault is Fault.HANG_ON_OPEN:
                await asyncio.sleep(3600)
            if fault is Fault.REFUSE:
                self.answer(header["request"], refused="the session is no session")
                return
            if fault is Fault.BUSY:
                del self.devices[device.number]
                self.answer(header["request"], busy="somebody else has it open")
                return
            device.claim_line()
            for event in device.spool:
                self.say(event)
            state = {Fault.BAN: "temp_banned", Fault.OFFLINE: "connecting"}.get(fault, "online")
            reason = "" if state == "online" else f"told to be {state}"
            self.answer(header["request"], state={"state": state, "reason": reason, "until": None})
            self.say({"type": "changed", "device": device.number})

    async def close(self, header: dict) -> None:
        device = self.devices.get(header["device"])
        if device is not None:
            while device.fault is Fault.HANG_ON_CLOSE:  # noqa: ASYNC110 (a file)
                await asyncio.sleep(0.01)
            async with device.busy:
                device.claim.unlink(missing_ok=True)
        self.answer(header["request"])

    async def send(self, header: dict, content: bytes) -> None:
        device, message = self.devices[header["device"]], header["message"]
        media = message["media"]
        if media and media["sha256"] not in self.media:
            if not content:
                self.answer(header["request"], need_media=True)
                return
            self.media.add(media["sha256"])
        async with device.busy:
            fault = device.fault
            if fault is Fault.CRASH_ON_SEND:
                crash()
            if fault is Fault.GIBBERISH:
                self.writer.write(b"\xff" * 64)
            self.deaf = self.deaf or fault is Fault.DEAF
            while device.fault is Fault.HANG_ON_SEND:  # noqa: ASYNC110 (a file)
                await asyncio.sleep(0.01)
            message_id = device.note(message, content)
            if fault is Fault.CRASH_AFTER_SEND:
                crash()
            self.answer(header["request"], outcome={"message_id": message_id})
            kinds = ["delivered"] * (5_000 if fault is Fault.FLOOD else 1)
            events = [
                {
                    "type": "event",
                    "device": device.number,
                    "event": message["ref"] * 100_000 + number,
                    "content": {"message_id": message_id, "phone": message["phone"], "receipt": kind},
                }
                for number, kind in enumerate(kinds)
            ]
            device.spool += events[:10]
            for event in events:
                self.say(event)


async def main(descriptor: int, directory: Path | None = None) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=descriptor))
    host = Host(writer, directory)
    host.say({"type": "ready", "version": "fake", "pid": os.getpid(), "can_send_media": True, "trouble": ""})
    async with asyncio.TaskGroup() as tasks:
        while (packet := await read_packet(reader)) is not None and packet.header["type"] != "end":
            tasks.create_task(host.obey(packet))
        os._exit(0)


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    *directories, fd = sys.argv[1:]
    asyncio.run(main(int(fd), *map(Path, directories)))
