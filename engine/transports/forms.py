"""The contract's types as JSON objects: what goes between this process and the one that has the line."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from engine.transports.contract import Inbound, PhoneSeen, Receipt, Rejected, Sent, StateChanged, Unknown
from models.enums import DeviceState, ReceiptKind

Frame = dict[str, Any]


def outcome_frame(outcome: Sent | Rejected | Unknown) -> Frame:
    match outcome:
        case Sent(message_id=message_id):
            return {"message_id": message_id}
        case Rejected():
            return {"code": outcome.code, "text": outcome.text, "permanent": outcome.permanent}
        case Unknown(text=words):
            return {"unknown": words}


def read_outcome(frame: Frame) -> Sent | Rejected | Unknown:
    if "unknown" in frame:
        return Unknown(frame["unknown"])
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


def event_frame(event: Receipt | Inbound | PhoneSeen) -> Frame:
    match event:
        case Receipt():
            return {"message_id": event.message_id, "phone": event.phone, "receipt": event.kind}
        case Inbound():
            return asdict(event)
        case PhoneSeen(at=at):
            return {"phone_seen": at.isoformat()}


def read_event(frame: Frame) -> Receipt | Inbound | PhoneSeen:
    if "phone_seen" in frame:
        return PhoneSeen(datetime.fromisoformat(frame["phone_seen"]))
    if "receipt" in frame:
        return Receipt(frame["message_id"], ReceiptKind(frame["receipt"]), frame["phone"])
    return Inbound(**frame)
