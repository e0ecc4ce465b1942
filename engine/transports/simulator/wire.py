"""The frames between an engine process and the network: JSON objects, a list of them to a packet."""

import asyncio
import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from engine.transports.contract import (
    Inbound,
    MediaFile,
    OutgoingMessage,
    Receipt,
    Rejected,
    Sent,
    StateChanged,
)
from engine.transports.simulator.phones import PhoneMedia, Submission
from models.enums import ContentKind, DeviceState, ReceiptKind

Frame = dict[str, Any]


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


def outcome_frame(outcome: Sent | Rejected) -> Frame:
    if isinstance(outcome, Sent):
        return {"message_id": outcome.message_id}
    return {"code": outcome.code, "text": outcome.text, "permanent": outcome.permanent}


def read_outcome(frame: Frame) -> Sent | Rejected:
    return Sent(**frame) if "message_id" in frame else Rejected(**frame)


def state_frame(change: StateChanged) -> Frame:
    return {
        "state": change.state,
        "reason": change.reason,
        "until": change.until.isoformat() if change.until else None,
    }


def read_state(frame: Frame) -> StateChanged:
    until = frame["until"]
    return StateChanged(
        DeviceState(frame["state"]), frame["reason"], datetime.fromisoformat(until) if until else None
    )


def event_frame(event: Receipt | Inbound) -> Frame:
    if isinstance(event, Receipt):
        return {"message_id": event.message_id, "phone": event.phone, "receipt": event.kind}
    return {"message_id": event.message_id, "phone": event.phone, "text": event.text}


def read_event(frame: Frame) -> Receipt | Inbound:
    if "receipt" in frame:
        return Receipt(frame["message_id"], ReceiptKind(frame["receipt"]), frame["phone"])
    return Inbound(**frame)
