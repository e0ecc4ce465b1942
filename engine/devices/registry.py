"""Devices as operators see them: add, pace, pause, restart, and what each of them is doing."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError, NotFoundError
from engine.settings import Settings
from models import QueuedMessage, Sequence, SequenceContact, SequenceDevice, UserDevice, Workspace
from models.enums import DeviceState, EnrolmentStatus, Role, SequenceStatus, TransportKind

LONGEST_DELAY = 86_400.0
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class DeviceSummary:
    id: int
    name: str
    state: DeviceState
    paused: bool
    queued: int


@dataclass(frozen=True, slots=True)
class DeviceCard:
    id: int
    name: str
    transport: TransportKind
    state: DeviceState
    state_reason: str | None
    paused: bool
    min_delay: float  # seconds
    max_delay: float
    next_send_at: datetime | None
    queued: int
    sent_today: int
    failed_today: int
    unknown_today: int


class Devices:
    def __init__(self, database: Database, clock: Clock, settings: Settings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def add_simulated(self, actor: Actor, name: str) -> int:
        """Add a device on the simulated network; it comes online by itself."""
        actor.must_be(Role.OPERATOR)
        name = check_name(name, "device")
        if not self._settings.simulated_phones:
            raise ConflictError("Simulated devices need SIMULATOR=on.")
        device = UserDevice(
            workspace_id=actor.workspace_id,
            name=name,
            transport=TransportKind.SIMULATOR,
            min_delay_seconds=self._settings.default_min_delay_seconds,
            max_delay_seconds=self._settings.default_max_delay_seconds,
        )
        try:
            async with self._database.transaction() as session:
                session.add(device)
                await session.flush()
                actor.record(session, self._clock.now(), "device.add", device.id, name=name)
        except IntegrityError:
            raise ConflictError(f"There is already a device called “{name}”; choose another name.") from None
        return device.id

    async def list(self, actor: Actor) -> list[DeviceSummary]:
        queued = select(func.count()).where(QueuedMessage.device_id == UserDevice.id).scalar_subquery()
        query = (
            select(UserDevice, queued)
            .where(UserDevice.workspace_id == actor.workspace_id, UserDevice.removed_at.is_(None))
            .order_by(func.lower(UserDevice.name))
        )
        async with self._database.transaction() as session:
            return [
                DeviceSummary(device.id, device.name, device.state, device.paused_at is not None, count)
                for device, count in await session.execute(query)
            ]

    async def card(self, actor: Actor, device_id: int) -> DeviceCard:
        async with self._database.transaction() as session:
            device = await _find(session, actor, device_id)
            queued = await session.scalar(select(func.count()).where(QueuedMessage.device_id == device_id))
            workspace = await session.get_one(Workspace, actor.workspace_id)
        today = self._clock.now().astimezone(ZoneInfo(workspace.time_zone)).date() == device.day
        in_flight = device.in_flight_message_id is not None
        ended_today = device.day_count - in_flight if today else 0
        failed, unknown = (device.day_failed, device.day_unknown) if today else (0, 0)
        return DeviceCard(
            id=device.id,
            name=device.name,
            transport=device.transport,
            state=device.state,
            state_reason=device.last_error,
            paused=device.paused_at is not None,
            min_delay=device.min_delay_seconds,
            max_delay=device.max_delay_seconds,
            next_send_at=device.next_send_at,
            queued=queued or 0,
            sent_today=ended_today - failed - unknown,
            failed_today=failed,
            unknown_today=unknown,
        )

    async def set_delays(self, actor: Actor, device_id: int, shortest: float, longest: float) -> None:
        """Set the bounds of the random delay, in seconds; they hold from the next message on."""
        if not 0 <= shortest <= longest:
            raise InvalidInputError("The shortest delay must not be above the longest, nor below zero.")
        if longest > LONGEST_DELAY:
            raise InvalidInputError("A delay can be at most a day (86400 seconds).")
        await self._change(
            actor,
            device_id,
            "device.delays",
            min_delay_seconds=float(shortest),
            max_delay_seconds=float(longest),
        )

    async def pause(self, actor: Actor, device_id: int) -> None:
        """No send of this device starts after this has been committed. Idempotent."""
        await self._change(actor, device_id, "device.pause", paused_at=self._clock.now())

    async def resume(self, actor: Actor, device_id: int) -> None:
        await self._change(actor, device_id, "device.resume", paused_at=None)

    async def restart(self, actor: Actor, device_id: int) -> None:
        """Let the device go, so that an engine takes it up afresh, also when it was parked or banned."""
        await self._change(
            actor, device_id, "device.restart", owner=None, state=DeviceState.CONNECTING, last_error=None
        )

    async def remove(self, actor: Actor, device_id: int) -> None:
        """Take the device out of service. Refused while a sequence depends on it alone or people wait for it."""
        async with self._database.transaction() as session:
            device = await _find(session, actor, device_id, role=Role.OPERATOR, lock=True)
            waiting = await session.scalar(select(func.count()).where(QueuedMessage.device_id == device_id))
            others = (
                select(SequenceDevice.device_id)
                .join(UserDevice, UserDevice.id == SequenceDevice.device_id)
                .where(
                    SequenceDevice.sequence_id == Sequence.id,
                    UserDevice.id != device_id,
                    UserDevice.removed_at.is_(None),
                )
            )
            used = await session.scalar(
                select(func.count())
                .select_from(SequenceDevice)
                .join(Sequence, Sequence.id == SequenceDevice.sequence_id)
                .where(
                    SequenceDevice.device_id == device_id,
                    Sequence.status != SequenceStatus.ARCHIVED,
                    ~others.exists(),
                )
            )
            people = await session.scalar(
                select(func.count()).where(
                    SequenceContact.device_id == device_id,
                    SequenceContact.status.in_([EnrolmentStatus.ACTIVE, EnrolmentStatus.PAUSED]),
                )
            )
            if waiting or used or people:
                raise ConflictError(
                    f"{device.name} is used by {used} sequences with {people} people in them, and has "
                    f"{waiting} messages waiting. Move its people to another device first (Move people), archive "
                    "the sequences, or pause the device."
                )
            device.removed_at = self._clock.now()
            actor.record(session, self._clock.now(), "device.remove", device_id)

    async def _change(self, actor: Actor, device_id: int, action: str, **values: object) -> None:
        async with self._database.transaction() as session:
            device = await _find(session, actor, device_id, role=Role.OPERATOR, lock=True)
            for name, value in values.items():
                setattr(device, name, value)
            told = {name: str(value) for name, value in values.items()}
            actor.record(session, self._clock.now(), action, device_id, **told)


async def _find(
    session: AsyncSession, actor: Actor, device_id: int, *, role: Role = Role.VIEWER, lock: bool = False
) -> UserDevice:
    actor.must_be(role)
    query = select(UserDevice).where(
        UserDevice.id == device_id,
        UserDevice.workspace_id == actor.workspace_id,
        UserDevice.removed_at.is_(None),
    )
    device = await session.scalar(query.with_for_update() if lock else query)
    if device is None:
        raise NotFoundError("This device does not exist any more.")
    return device


def check_name(name: str, thing: str) -> str:
    """Clean up a name somebody typed. Raises InvalidInputError."""
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise InvalidInputError(f"Please give the {thing} a name.")
    if len(name) > LONGEST_NAME:
        raise InvalidInputError(
            f"This name has {len(name):,} characters; please choose one of at most {LONGEST_NAME}."
        )
    return name
