"""The business clock's row in the database: read at start, set in a simulation, followed by all."""

from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from engine.clock import Anchor, BusinessClock
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError
from engine.settings import Settings
from engine.transactions import Session
from models import ClockAnchor, UserDevice
from models.enums import TransportKind

FASTEST = 100_000

NEXT_DUE = """
SELECT least(
       (SELECT min(e.next_due_at) FROM sequence_contacts e JOIN sequences s ON s.id = e.sequence_id
         WHERE e.status = 'active' AND s.status = 'active'),
       (SELECT min(greatest(q.due_at, d.next_send_at))
          FROM queue q
          JOIN messages m ON m.id = q.message_id
          JOIN user_devices d ON d.id = q.device_id
          JOIN workspaces w ON w.id = d.workspace_id
          LEFT JOIN sequence_contacts e ON e.id = m.enrolment_id
          LEFT JOIN sequences s ON s.id = e.sequence_id
          LEFT JOIN campaigns k ON k.id = m.campaign_id
         WHERE w.stopped_at IS NULL AND d.paused_at IS NULL AND d.state IN ('online', 'degraded')
           AND (e.id IS NULL OR e.status <> 'paused' AND s.status = 'active')
           AND (k.id IS NULL OR k.status <> 'paused')),
       (SELECT min(scheduled_at) FROM campaigns WHERE status = 'scheduled'))
"""


class Timekeeper:
    def __init__(self, database: Database, clock: BusinessClock) -> None:
        self._database = database
        self._clock = clock

    @classmethod
    async def start(cls, database: Database, settings: Settings) -> "Timekeeper":
        """The first process ever writes the anchor from the settings; every other one reads it."""
        real = datetime.now(UTC)
        first = insert(ClockAnchor).values(
            id=1,
            real_anchor=real,
            virtual_anchor=settings.clock_start or real,
            speed=settings.clock_speed,
        )
        async with database.transaction() as session:
            await session.execute(first.on_conflict_do_nothing())
            anchor = await _read(session)
            if anchor.speed != 1:
                await _refuse_beside_real_devices(session)
        return cls(database, BusinessClock(anchor))

    @staticmethod
    async def look(database: Database) -> BusinessClock:
        """The clock as it is set, for a command that only looks; real time where none was ever set."""
        real = datetime.now(UTC)
        async with database.transaction() as session:
            row = await session.get(ClockAnchor, 1)
            anchor = Anchor(row.real_anchor, row.virtual_anchor, row.speed) if row else Anchor(real, real, 1)
        return BusinessClock(anchor)

    @property
    def clock(self) -> BusinessClock:
        return self._clock

    async def follow(self) -> None:
        """Take over what another process has set."""
        async with self._database.transaction() as session:
            self._clock.anchor_to(await _read(session))

    async def set_speed(self, speed: float) -> None:
        """Let business time run `speed` times as fast from now on."""
        if not 0 < speed <= FASTEST:
            raise InvalidInputError(f"A clock can run at most {FASTEST} times as fast, and not backwards.")
        await self._anchor(self._clock.now(), speed)

    async def jump_to(self, instant: datetime) -> None:
        """Move business time forward to `instant`."""
        if instant < self._clock.now():
            raise InvalidInputError("Business time never goes back; choose a later instant.")
        await self.reach(instant)

    async def reach(self, instant: datetime) -> None:
        """Move business time forward to `instant`, unless it is past already."""
        await self._anchor(max(instant, self._clock.now()), self._clock.speed)

    async def jump_to_next_due(self) -> bool:
        """Move business time to when the next message is due, if that is ahead; whether there is one."""
        if (due := await self.next_due()) is None:
            return False
        await self.reach(due)
        return True

    async def next_due(self) -> datetime | None:
        """When the next message is due that nothing but time holds back: now, if some may go out already."""
        async with self._database.transaction() as session:
            next_due: datetime | None = (await session.execute(text(NEXT_DUE))).scalar_one()
        return None if next_due is None else max(next_due, self._clock.now())

    async def _anchor(self, virtual: datetime, speed: float) -> None:
        real = datetime.now(UTC)
        async with self._database.transaction() as session:
            if speed != 1 or virtual > real:
                await _refuse_beside_real_devices(session)
            row = await session.get_one(ClockAnchor, 1, with_for_update=True)
            row.real_anchor, row.virtual_anchor, row.speed = real, virtual, speed
        self._clock.anchor_to(Anchor(real, virtual, speed))


async def _read(session: Session) -> Anchor:
    row = await session.get_one(ClockAnchor, 1)
    return Anchor(row.real_anchor, row.virtual_anchor, row.speed)


async def _refuse_beside_real_devices(session: Session) -> None:
    real = await session.scalar(
        select(UserDevice.name).where(
            UserDevice.transport != TransportKind.SIMULATOR, UserDevice.removed_at.is_(None)
        )
    )
    if real is not None:
        raise ConflictError(f"The clock cannot be changed while a real device ({real}) is configured.")
