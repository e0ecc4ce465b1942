"""The network's memory: survives a restart and the death of the process at any instant."""

import itertools
import json
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.transports.contract import Inbound, Receipt
from engine.transports.forms import event_frame
from engine.transports.simulator.faults import Fault, FaultKind, Faults
from engine.transports.simulator.phones import Direction, PhoneMedia, PhoneMessage, PhoneSummary
from models.enums import ContentKind, ReceiptKind

MailboxEvent = Receipt | Inbound

_SCHEMA = """
PRAGMA journal_mode = WAL;
-- What is written reaches the operating system at commit; only a power cut could lose it.
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS devices (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, faults TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS phones (
    phone TEXT PRIMARY KEY, on_whatsapp INTEGER NOT NULL DEFAULT 1,
    messages INTEGER NOT NULL DEFAULT 0,  -- that it received
    last INTEGER
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, phone TEXT NOT NULL, direction TEXT NOT NULL,
    device INTEGER NOT NULL, body TEXT NOT NULL, kind TEXT NOT NULL, media TEXT, at TEXT NOT NULL,
    business_at TEXT, ref INTEGER, revoked INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS messages_of_phone ON messages (phone, id);
CREATE TABLE IF NOT EXISTS media (sha256 TEXT PRIMARY KEY, mime_type TEXT NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mailbox (
    id INTEGER PRIMARY KEY, device INTEGER NOT NULL, kind TEXT NOT NULL,
    message_id TEXT NOT NULL, phone TEXT NOT NULL, text TEXT NOT NULL  -- of an inbound message: all of it, as JSON
);
"""
_MESSAGE = "m.message_id, m.direction, m.device, m.body, m.kind, m.media, m.at, m.business_at, m.ref, m.revoked"


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    id: int
    name: str
    faults: dict[FaultKind, Fault]
    sent: int


class Journal:
    """One SQLite file (none: in memory). Each method is one transaction, committed when it returns."""

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path or ":memory:")
        self._db.executescript(_SCHEMA)
        # From the clock, so that a late acknowledgement never meets another event under its number, not even
        # when the network was started afresh.
        self._event_ids = itertools.count(time.time_ns())

    def close(self) -> None:
        self._db.close()

    def add_message(self, phone: str, message: PhoneMessage, events: Sequence[MailboxEvent]) -> list[int]:
        """Store a message with what its device is to hear of it; returns the mailbox ids."""
        with self._db as db:
            row = db.execute(
                "INSERT INTO messages"
                " (message_id, phone, direction, device, body, kind, media, at, business_at, ref)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    message.message_id,
                    phone,
                    message.direction,
                    message.device,
                    message.body,
                    message.kind,
                    json.dumps(asdict(message.media)) if message.media else None,
                    message.at.isoformat(),
                    message.business_at.isoformat() if message.business_at else None,
                    message.ref,
                ),
            ).lastrowid
            db.execute(
                "INSERT INTO phones (phone, messages, last) VALUES (?, ?, ?)"
                " ON CONFLICT (phone) DO UPDATE SET messages = messages + excluded.messages, last = excluded.last",
                (phone, message.direction is Direction.IN, row),
            )
            if message.ref is not None:  # what is typed on the device's own phone it has not sent
                db.execute("UPDATE devices SET sent = sent + 1 WHERE id = ?", (message.device,))
            return [self._post(message.device, event) for event in events]

    def _post(self, device: int, event: MailboxEvent) -> int:
        event_id = next(self._event_ids)
        kind, text = "inbound", json.dumps(event_frame(event))
        if isinstance(event, Receipt):
            kind, text = event.kind, ""
        self._db.execute(
            "INSERT INTO mailbox (id, device, kind, message_id, phone, text) VALUES (?, ?, ?, ?, ?, ?)",
            (event_id, device, kind, event.message_id, event.phone or "", text),
        )
        return event_id

    def has_written(self, phone: str, device: int) -> bool:
        """Whether anybody ever wrote from this phone to this device."""
        query = "SELECT 1 FROM messages WHERE phone = ? AND device = ? AND direction = ? LIMIT 1"
        return self._db.execute(query, (phone, device, Direction.OUT)).fetchone() is not None

    def mailboxes(self) -> dict[int, dict[int, MailboxEvent]]:
        """What each device has not acknowledged, oldest first, by mailbox id."""
        boxes: dict[int, dict[int, MailboxEvent]] = defaultdict(dict)
        rows = self._db.execute("SELECT id, device, kind, message_id, phone, text FROM mailbox ORDER BY id")
        for row, device, kind, message_id, phone, text in rows:
            boxes[device][row] = (
                Inbound(**json.loads(text)) if kind == "inbound" else Receipt(message_id, ReceiptKind(kind), phone)
            )
        return boxes

    def acknowledge(self, events: Iterable[int]) -> None:
        with self._db as db:
            db.executemany("DELETE FROM mailbox WHERE id = ?", [(event,) for event in events])

    def devices(self) -> list[DeviceRecord]:
        rows = self._db.execute("SELECT id, name, faults, sent FROM devices ORDER BY id")
        return [
            DeviceRecord(
                device,
                name,
                {FaultKind(kind): Fault(**fault) for kind, fault in json.loads(faults).items()},
                sent,
            )
            for device, name, faults, sent in rows
        ]

    def save_device(self, device: int, name: str, faults: Faults) -> None:
        with self._db as db:
            db.execute(
                "INSERT INTO devices (id, name, faults) VALUES (?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name, faults = excluded.faults",
                (device, name, json.dumps({kind: asdict(fault) for kind, fault in faults.items()})),
            )

    def set_on_whatsapp(self, phone: str, on: bool) -> None:
        with self._db as db:
            db.execute(
                "INSERT INTO phones (phone, on_whatsapp) VALUES (?, ?)"
                " ON CONFLICT (phone) DO UPDATE SET on_whatsapp = excluded.on_whatsapp",
                (phone, on),
            )

    def on_whatsapp(self, phone: str) -> bool:
        row = self._db.execute("SELECT on_whatsapp FROM phones WHERE phone = ?", (phone,)).fetchone()
        return row is None or bool(row[0])

    def phones(self, limit: int, search: str) -> list[PhoneSummary]:
        """The latest first; `search` is a part of the number."""
        rows = self._db.execute(
            f"SELECT p.phone, p.on_whatsapp, p.messages, {_MESSAGE} FROM phones p"
            " LEFT JOIN messages m ON m.id = p.last WHERE instr(p.phone, ?) ORDER BY p.last DESC LIMIT ?",
            (search, limit),
        )
        return [
            PhoneSummary(phone, bool(on_whatsapp), received, _message(last) if last[0] is not None else None)
            for phone, on_whatsapp, received, *last in rows
        ]

    def messages(self, phone: str) -> list[PhoneMessage]:
        """Oldest first."""
        rows = self._db.execute(f"SELECT {_MESSAGE} FROM messages m WHERE m.phone = ? ORDER BY m.id", (phone,))
        return [_message(row) for row in rows]

    def last_sender(self, phone: str) -> int | None:
        """The device that wrote to this phone last."""
        row = self._db.execute(
            "SELECT device FROM messages WHERE phone = ? AND direction = 'in' ORDER BY id DESC LIMIT 1",
            (phone,),
        ).fetchone()
        return None if row is None else int(row[0])

    def revoke(self, device: int, message_id: str, phone: str) -> PhoneMessage | None:
        """Mark the device's own message as deleted for everyone; nothing if it never sent such a message."""
        with self._db as db:
            row = db.execute(
                "UPDATE messages AS m SET revoked = 1"
                " WHERE message_id = ? AND device = ? AND phone = ? AND direction = 'in'"
                f" RETURNING {_MESSAGE.replace('m.', '')}",
                (message_id, device, phone),
            ).fetchone()
        return None if row is None else _message(row)

    def add_media(self, sha256: str, mime_type: str, content: bytes) -> None:
        with self._db as db:
            db.execute("INSERT OR IGNORE INTO media VALUES (?, ?, ?)", (sha256, mime_type, content))

    def has_media(self, sha256: str) -> bool:
        return self._db.execute("SELECT 1 FROM media WHERE sha256 = ?", (sha256,)).fetchone() is not None

    def media(self, sha256: str) -> tuple[str, bytes] | None:
        """Mime type and bytes."""
        row = self._db.execute("SELECT mime_type, content FROM media WHERE sha256 = ?", (sha256,)).fetchone()
        return None if row is None else (row[0], row[1])


def _message(row: Sequence[Any]) -> PhoneMessage:
    message_id, direction, device, body, kind, media, at, business_at, ref, revoked = row
    return PhoneMessage(
        message_id=message_id,
        direction=Direction(direction),
        device=device,
        body=body,
        kind=ContentKind(kind),
        media=PhoneMedia(**json.loads(media)) if media else None,
        at=datetime.fromisoformat(at),
        business_at=datetime.fromisoformat(business_at) if business_at else None,
        ref=ref,
        revoked=bool(revoked),
    )
