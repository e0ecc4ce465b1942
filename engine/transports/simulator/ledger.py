"""The independent record of what the network took, against which the database is audited."""

import json
from pathlib import Path

from engine.transports.simulator.phones import PhoneMessage


class Ledger:
    """Appends one JSON line per accepted message."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: when `append` returns the operating system has the line, and killing us cannot lose it.
        self._file = path.open("ab", buffering=0)

    def append(self, phone: str, message: PhoneMessage) -> None:
        line = {
            "at": message.at.isoformat(timespec="microseconds"),
            "business_at": message.business_at.isoformat() if message.business_at else None,
            "device": message.device,
            "phone": phone,
            "message_id": message.message_id,
            "ref": message.ref,
            "body": message.body,
            "media_sha256": message.media.sha256 if message.media else None,
        }
        self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._file.close()
