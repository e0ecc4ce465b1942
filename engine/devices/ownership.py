"""Which engine works which device. One heartbeat row an engine; taking a device over raises its epoch.

The times, in machine seconds. An engine writes its heartbeat every 2. Ten after the last one it counts as dead,
and the others look every 2: its devices have another engine 12 after its death at the latest, plus the few
statements of one pass, which leaves 3 to spare of the 15 that are promised. Should it die, or its machine freeze,
in the middle of a transaction, the server ends that after 5, or, where it cannot, the next engine that looks does
(`engine/connections.py`): no lock outlives those 10. An engine that stops politely frees its devices, and a
trigger tells the others at once.

The lease is 6 from before the heartbeat was asked for. The 4 until somebody may call us dead are for what had
begun by then: one slow commit of a claim, after which the lease is asked for again, or a call and the commit of
its outcome. It is counted on a clock that goes on while the machine sleeps. An engine that wakes up without its
lease gets it back together with the news of what it still owns: what was claimed before and taken over since is
not sent.

A device that only a person can bring back (logged out, banned, not paired …) does not want a worker: it has no
line on which anything could arrive, and it would keep a place from one that can send. It gets a worker again when
the operators restart it. A paused device wants one: replies, receipts and stop words still come in.
"""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from engine.broadcast.settlement import doubtful, settle
from engine.broadcast.store import in_flight
from engine.clock import Clock, machine_time
from engine.connections import ASLEEP_AFTER, END_SLEEPERS
from engine.database import Database
from engine.devices.balance import Census, Share
from engine.transactions import Session
from models.enums import DeviceState, TransportKind

BEAT_EVERY = 2.0
LEASE = 6.0
DEAD_AFTER = timedelta(seconds=10)
LOOK_EVERY = 2.0
BEAT_WITHIN = 4.0  # a connection that hangs costs one heartbeat, not the engine's life
PASS_WITHIN = 10.0
RESTS_AFTER = timedelta(seconds=30)  # a worker stays so long with a lost device, to tell the operators of it

RESTING = "(" + ", ".join(f"'{state}'" for state in DeviceState if state.is_terminal or state.wants_pairing) + ")"
# What is still in flight on a lost device must be settled, so it is taken once more.
WANTS_A_WORKER = f"d.removed_at IS NULL AND (d.state NOT IN {RESTING} OR d.in_flight_message_id IS NOT NULL)"

REGISTER = "INSERT INTO engines (host, pid, capacity) VALUES (:host, :pid, :capacity) RETURNING id"

# WhatsApp has refused the version that ran before, or the right key was not set: whether that is mended only an
# attempt can tell.
TRY_AGAIN = """
UPDATE user_devices SET state = 'connecting', last_error = NULL, state_since = clock_timestamp()
 WHERE (state = 'outdated' OR state = 'parked' AND last_error LIKE '%SESSION_KEY%') AND removed_at IS NULL
"""

# Others remove the row of an engine that was asleep for a day; when it wakes up it is there again.
BEAT = """
INSERT INTO engines (id, host, pid, capacity) OVERRIDING SYSTEM VALUE
VALUES (:engine_id, :host, :pid, :capacity)
    ON CONFLICT (id) DO UPDATE SET heartbeat_at = clock_timestamp(), capacity = :capacity
"""

CENSUS = f"""
WITH live AS (
    SELECT id, capacity FROM engines
     WHERE heartbeat_at >= clock_timestamp() - CAST(:dead_after AS interval)),
wanting AS (
    SELECT count(*) AS all_of_them, count(*) FILTER (WHERE live.id IS NULL) AS free
      FROM user_devices d LEFT JOIN live ON live.id = d.owner WHERE {WANTS_A_WORKER}),
owning AS (
    SELECT d.owner, count(*) AS devices, count(*) FILTER (WHERE NOT ({WANTS_A_WORKER})) AS resting
      FROM user_devices d WHERE d.removed_at IS NULL GROUP BY d.owner)
SELECT live.id, live.capacity, coalesce(owning.devices, 0) AS owned,
       sum(owning.resting) OVER () AS resting, wanting.all_of_them, wanting.free
  FROM wanting LEFT JOIN live ON true LEFT JOIN owning ON owning.owner = live.id
"""

# The lock makes an engine that has just come back wait with its heartbeat, and so with its lease, until it can see
# what was taken from it.
BURY = """
SELECT id FROM engines WHERE heartbeat_at < clock_timestamp() - CAST(:dead_after AS interval) ORDER BY id FOR SHARE
"""

TAKE = f"""
SELECT d.id, d.epoch, d.in_flight_message_id, d.in_flight_since, d.in_flight_body
  FROM user_devices d
 WHERE {WANTS_A_WORKER} AND (d.owner IS NULL OR d.owner = ANY(:dead))
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

RESTS = f"d.state IN {RESTING} AND d.state_since < clock_timestamp() - CAST(:rests_after AS interval)"
OWNED = f"""
SELECT d.id, d.workspace_id, d.name, d.transport, d.epoch, {RESTS} AS rests
  FROM user_devices d WHERE d.owner = :engine_id AND d.removed_at IS NULL
"""
# What the next look compares, instead of reading thousands of rows every other second to find nothing new.
STANDING = f"""
SELECT count(*), sum(d.epoch), count(*) FILTER (WHERE {RESTS})
  FROM user_devices d WHERE d.owner = :engine_id AND d.removed_at IS NULL
"""

EPOCHS = "SELECT id, epoch FROM user_devices WHERE owner = :engine_id"

# A trigger tells the other engines of devices that have become free.
RELEASE = "UPDATE user_devices SET owner = NULL WHERE owner = :engine_id AND id = ANY(:ids)"
RELEASE_ALL = "UPDATE user_devices SET owner = NULL WHERE owner = :engine_id"

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

    def __init__(self, database: Database, clock: Clock, engine_id: int, *, capacity: int) -> None:
        self._database = database.within(PASS_WITHIN)
        self._clock = clock
        self._capacity = capacity
        self._epochs: dict[int, int] = {}  # of the devices that are ours, as far as we know
        self._owned: tuple[list[OwnedDevice], set[int]] | None = None  # as last read, when this was …
        self._standing: tuple[Any, ...] = ()  # … how they stood
        self._lease_until = machine_time() + LEASE
        self.engine_id = engine_id

    @classmethod
    async def register(cls, database: Database, clock: Clock, *, capacity: int) -> "Ownership":
        async with database.transaction() as session:
            row = await session.execute(text(REGISTER), {"capacity": capacity, **_this_process()})
            await session.execute(text(TRY_AGAIN))
            return cls(database, clock, row.scalar_one(), capacity=capacity)

    @property
    def holds_lease(self) -> bool:
        """Whether this engine has been heard of lately enough to start a send."""
        return machine_time() < self._lease_until

    def holds(self, device: OwnedDevice) -> bool:
        """Whether a worker of this device may start a send: there is a lease, and this epoch is still ours."""
        return self.holds_lease and self._epochs.get(device.id) == device.epoch

    async def beat(self) -> None:
        asked = machine_time()
        async with self._database.within(BEAT_WITHIN).transaction() as session:
            await session.execute(text(BEAT), self._about_us)
            if not self.holds_lease:  # others may have taken what is ours: know it before the lease is back
                rows = await session.execute(text(EPOCHS), {"engine_id": self.engine_id})
                self._epochs = {row.id: row.epoch for row in rows}
        self._lease_until = asked + LEASE

    async def end_sleepers(self) -> None:
        """End the sessions, of whichever engine, that the server would let sleep in a transaction for ever."""
        async with self._database.transaction() as session:
            await session.execute(text(END_SLEEPERS), {"asleep_after": ASLEEP_AFTER})

    async def census(self) -> Census:
        async with self._database.transaction() as session:
            rows = (await session.execute(text(CENSUS), {"dead_after": DEAD_AFTER})).all()
        engines = [Share(row.id, row.capacity, row.owned) for row in rows if row.id is not None]
        return Census(engines, rows[0].all_of_them, rows[0].free, int(rows[0].resting or 0))

    async def take(self, room: int) -> int:
        """Take up to `room` devices that nobody works; how many. What was in flight there is now unknown."""
        if room <= 0:
            return 0
        async with self._database.transaction() as session:
            await session.execute(text(BEAT), self._about_us)
            dead = list(await session.scalars(text(BURY), {"dead_after": DEAD_AFTER}))
            rows = (await session.execute(text(TAKE), {"dead": dead, "room": room})).all()
            await self._raise_epochs(session, rows, "the engine stopped while this message was on its way")
        self._epochs |= {row.id: row.epoch + 1 for row in rows}
        self._owned = None
        return len(rows)

    async def renew(self, device: OwnedDevice) -> OwnedDevice | None:
        """Raise the epoch of an own device whose worker has failed, so that nothing of that worker counts.

        What it left in flight is unknown. None if the device is not ours any more.
        """
        which = {"engine_id": self.engine_id, "device_id": device.id, "epoch": device.epoch}
        async with self._database.transaction() as session:
            rows = (await session.execute(text(RENEW), which)).all()
            await self._raise_epochs(session, rows, "the worker failed while this message was on its way")
        self._epochs |= {row.id: row.epoch + 1 for row in rows}
        self._owned = None
        return replace(device, epoch=device.epoch + 1) if rows else None

    async def _raise_epochs(self, session: Session, rows: Sequence[Any], reason: str) -> None:
        left = [claim for row in rows if (claim := in_flight(row)) is not None]
        await settle(session, [doubtful(claim, reason) for claim in left], self._clock.now())
        await session.execute(text(RAISE_EPOCH), {"engine_id": self.engine_id, "ids": [row.id for row in rows]})

    async def owned(self) -> tuple[list[OwnedDevice], set[int]]:
        """Return the devices to be worked, and the ids of those that rest until a person restarts them."""
        about = {"engine_id": self.engine_id, "rests_after": RESTS_AFTER}
        async with self._database.transaction() as session:
            standing = tuple((await session.execute(text(STANDING), about)).one())
            if self._owned is not None and standing == self._standing:
                return self._owned
            rows = (await session.execute(text(OWNED), about)).all()
        # A renewal may have been committed since this was read.
        self._epochs = {row.id: max(row.epoch, self._epochs.get(row.id, 0)) for row in rows}
        devices = [
            OwnedDevice(row.id, row.workspace_id, row.name, TransportKind(row.transport), row.epoch)
            for row in rows
            if not row.rests
        ]
        resting = {row.id for row in rows if row.rests}
        self._standing, self._owned = standing, (devices, resting)
        return devices, resting

    async def retire(self) -> None:
        """Take no part in the balance any more: the others make room for what will be released."""
        self._capacity = 0
        async with self._database.transaction() as session:
            await session.execute(text(BEAT), self._about_us)

    async def release(self, device_ids: list[int]) -> None:
        """Let these devices go; another engine may take them at once."""
        async with self._database.transaction() as session:
            await session.execute(text(RELEASE), {"engine_id": self.engine_id, "ids": device_ids})
        self._owned = None

    async def release_all(self) -> None:
        """Let every device go, and end as an engine."""
        async with self._database.transaction() as session:
            await session.execute(text(RELEASE_ALL), {"engine_id": self.engine_id})
            await session.execute(text(DEREGISTER), {"engine_id": self.engine_id})

    @property
    def _about_us(self) -> dict[str, str | int]:
        return {"engine_id": self.engine_id, "capacity": self._capacity, **_this_process()}


def _this_process() -> dict[str, str | int]:
    return {"host": socket.gethostname(), "pid": os.getpid()}
