"""Which engine works which device. One heartbeat row an engine; taking a device over raises its epoch.

Leases compare the database's `clock_timestamp()`; before a send the worker also looks at a monotonic deadline, so
that an engine that was only asleep does not start another send.
"""

import os
import socket
import time
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import text

from engine.broadcast.settlement import doubtful, settle
from engine.broadcast.store import in_flight
from engine.clock import Clock
from engine.database import Database
from models.enums import TransportKind

BEAT_EVERY = 3.0  # machine seconds
DEAD_AFTER = timedelta(seconds=12)
LEASE = 9.0  # shorter than DEAD_AFTER: we stop before another engine may start

REGISTER = "INSERT INTO engines (host, pid) VALUES (:host, :pid) RETURNING id"

# Others remove the row of an engine that was asleep for a day; when it wakes up it is there again.
BEAT = """
INSERT INTO engines (id, host, pid) OVERRIDING SYSTEM VALUE VALUES (:engine_id, :host, :pid)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp()
"""

TAKE = """
SELECT d.id, d.epoch, d.in_flight_message_id, d.in_flight_since, d.in_flight_body
  FROM user_devices d LEFT JOIN engines e ON e.id = d.owner
 WHERE d.removed_at IS NULL
   AND (e.id IS NULL OR e.heartbeat_at < clock_timestamp() - CAST(:dead_after AS interval))
 ORDER BY d.id
 LIMIT :room
   FOR NO KEY UPDATE OF d SKIP LOCKED
"""

RENEW = """
SELECT d.id, d.epoch, d.in_flight_message_id, d.in_flight_since, d.in_flight_body
  FROM user_devices d
 WHERE d.id = :device_id AND d.owner = :engine_id AND d.epoch = :epoch
   FOR NO KEY UPDATE
"""

RAISE_EPOCH = """
UPDATE user_devices d
   SET owner = :engine_id, epoch = d.epoch + 1, in_flight_message_id = NULL, in_flight_since = NULL,
       in_flight_body = NULL,
       day_unknown = d.day_unknown + CASE WHEN d.in_flight_message_id IS NULL THEN 0 ELSE 1 END
 WHERE d.id = ANY(:ids)
"""

OWNED = """
SELECT d.id, d.workspace_id, d.name, d.transport, d.epoch
  FROM user_devices d WHERE d.owner = :engine_id AND d.removed_at IS NULL
"""

RELEASE = "UPDATE user_devices SET owner = NULL WHERE owner = :engine_id"

# The others' rows that are long dead go too; devices point to them with ON DELETE SET NULL.
DEREGISTER = """
DELETE FROM engines
 WHERE id = :engine_id OR heartbeat_at < clock_timestamp() - interval '1 day'
"""


@dataclass(frozen=True, slots=True)
class OwnedDevice:
    id: int
    workspace_id: int
    name: str
    transport: TransportKind
    epoch: int


class Ownership:
    """The devices of one engine, from its registration to its end."""

    def __init__(self, database: Database, clock: Clock, engine_id: int) -> None:
        self._database = database
        self._clock = clock
        self.engine_id = engine_id
        self._lease_until = time.monotonic() + LEASE

    @classmethod
    async def register(cls, database: Database, clock: Clock) -> "Ownership":
        async with database.transaction() as session:
            row = await session.execute(text(REGISTER), _this_process())
            return cls(database, clock, row.scalar_one())

    @property
    def holds_lease(self) -> bool:
        """Whether this engine has been heard of lately enough to start a send."""
        return time.monotonic() < self._lease_until

    async def beat(self) -> None:
        asked = time.monotonic()
        async with self._database.transaction() as session:
            await session.execute(text(BEAT), {"engine_id": self.engine_id, **_this_process()})
        self._lease_until = asked + LEASE

    async def take(self, room: int) -> int:
        """Take up to `room` devices that nobody works; how many. What was in flight there is now unknown."""
        if room <= 0:
            return 0
        reason = "the engine stopped while this message was on its way"
        return await self._raise_epoch(TAKE, reason, dead_after=DEAD_AFTER, room=room)

    async def renew(self, device: OwnedDevice) -> OwnedDevice | None:
        """Raise the epoch of an own device whose worker has failed, so that nothing of that worker counts.

        What it left in flight is unknown. None if the device is not ours any more.
        """
        reason = "the worker failed while this message was on its way"
        renewed = await self._raise_epoch(RENEW, reason, device_id=device.id, epoch=device.epoch)
        return replace(device, epoch=device.epoch + 1) if renewed else None

    async def _raise_epoch(self, mine: str, reason: str, **which: object) -> int:
        async with self._database.transaction() as session:
            await session.execute(text(BEAT), {"engine_id": self.engine_id, **_this_process()})
            rows = (await session.execute(text(mine), {"engine_id": self.engine_id, **which})).all()
            left = [claim for row in rows if (claim := in_flight(row)) is not None]
            await settle(session, [doubtful(claim, reason) for claim in left], self._clock.now())
            about = {"engine_id": self.engine_id, "ids": [row.id for row in rows]}
            await session.execute(text(RAISE_EPOCH), about)
        return len(rows)

    async def owned(self) -> list[OwnedDevice]:
        async with self._database.transaction() as session:
            rows = await session.execute(text(OWNED), {"engine_id": self.engine_id})
            return [
                OwnedDevice(row.id, row.workspace_id, row.name, TransportKind(row.transport), row.epoch)
                for row in rows
            ]

    async def release(self) -> None:
        """Let every device go; another engine may take them at once."""
        async with self._database.transaction() as session:
            await session.execute(text(RELEASE), {"engine_id": self.engine_id})
            await session.execute(text(DEREGISTER), {"engine_id": self.engine_id})


def _this_process() -> dict[str, str | int]:
    return {"host": socket.gethostname(), "pid": os.getpid()}
