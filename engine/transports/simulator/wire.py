"""The frames between an engine process and the network: JSON objects, a list of them to a packet."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime

from engine.transports.contract import MediaFile, OutgoingMessage
from engine.transports.forms import Frame
from engine.transports.simulator.phones import PhoneMedia, Submission
from models.enums import ContentKind


class Outbox:
    """Frames waiting to be written. Whatever gathers while one packet is written goes into the next."""

    _FRAMES_PER_PACKET = 1000

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._posted = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    def post(self, frame: Frame) -> None:
        self._frames.append(frame)
        self._posted.set()

    def post_soon(self, frame: Frame) -> None:
        """Let a frame that nobody waits for travel with the next that somebody does, or within 50 ms."""
        self._frames.append(frame)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(0.05, self._posted.set)

    async def packet(self) -> str:
        """The next packet, once there is anything to write."""
        await self._posted.wait()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch, self._frames = self._frames[: self._FRAMES_PER_PACKET], self._frames[self._FRAMES_PER_PACKET :]
        if not self._frames:
            self._posted.clear()
        return json.dumps(batch, ensure_ascii=False)


def frames(packet: str) -> list[Frame]:
    batch: list[Frame] = json.loads(packet)
    return batch


def submission_frame(message: OutgoingMessage) -> Frame:
    return {
        "ref": message.ref,
        "phone": message.phone,
        "kind": message.kind,
        "body": message.body,
        "media": asdict(_description(message.media)) if message.media else None,
        "business_at": message.business_at.isoformat(),
    }


def _description(media: MediaFile) -> PhoneMedia:
    return PhoneMedia(media.sha256, media.mime_type, media.file_name, len(media.content))


def read_submission(frame: Frame) -> Submission:
    return Submission(
        ref=frame["ref"],
        phone=frame["phone"],
        kind=ContentKind(frame["kind"]),
        body=frame["body"],
        media=PhoneMedia(**frame["media"]) if frame["media"] else None,
        business_at=datetime.fromisoformat(frame["business_at"]),
    )
