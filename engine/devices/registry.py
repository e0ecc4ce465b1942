"""Devices as operators see them: add, pace, pause, restart, and what each of them is doing."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.alerts import close_alerts
from engine.broadcast.pacing import Pace, pace_of, tally_of
from engine.clock import Clock
from engine.database import Database
from engine.devices import timeline
from engine.devices.changes import changing_device, find_device
from engine.devices.housing import Housing, read_housing
from engine.devices.standings import read_standings, read_surroundings
from engine.devices.why import Reason, why
from engine.errors import ConflictError, InvalidInputError
from engine.settings import Settings
from models import DeviceEvent, QueuedMessage, Sequence, SequenceContact, SequenceDevice, UserDevice, Workspace
from models.enums import DeviceEventKind, DeviceState, EnrolmentStatus, Role, SequenceStatus, TransportKind

LONGEST_NAME = 60
SIMULATED_NUMBERS = "+1555"  # nobody's
POINTS_TOLD = 10


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
    phone: str | None  # E.164; None: never paired
    transport: TransportKind
    state: DeviceState
    state_reason: str | None
    paused: bool
    min_delay: float  # seconds
    max_delay: float
    next_send_at: datetime | None  # when a message is due and the device may send; None: nothing waits
    queued: int
    pace: Pace
    today: date  # of the workspace
    cap_today: int | None
    used_today: int  # of that cap
    sent_today: int
    failed_today: int
    unknown_today: int
    housing: Housing | None  # of a real device that is at work
    limited_until: datetime | None  # WhatsApp lets it write to nobody new; machine time
    phone_away_for: timedelta | None  # since the last sign of life of its own phone; None: it has none


@dataclass(frozen=True, slots=True)
class DeviceStory:
    """Why a device is not sending, and what happened to it, the newest first."""

    name: str
    transport: TransportKind
    state: DeviceState
    state_reason: str
    reason: Reason
    points: list[DeviceEvent]
    machine_now: datetime  # the database's; the points and states are told by it


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
                device.phone = f"{SIMULATED_NUMBERS}{device.id:07d}"
                actor.record(session, self._clock.now(), "device.add", device.id, name=name)
                await timeline.note_by(session, actor, device.id, DeviceEventKind.ADDED)
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
            device = await find_device(session, actor, device_id)
            waiting = select(func.count(), func.min(QueuedMessage.due_at)).where(
                QueuedMessage.device_id == device_id
            )
            queued, first_due = (await session.execute(waiting)).one()
            workspace = await session.get_one(Workspace, actor.workspace_id)
            housing = await read_housing(session, device_id)
            (standing,) = await read_standings(session, [device_id], self._clock.now())
        tally = tally_of(device, self._clock.now(), ZoneInfo(workspace.time_zone))
        in_flight = device.in_flight_message_id is not None
        today = tally.day == device.day
        ended_today = device.day_count - in_flight if today else 0
        failed, unknown = (device.day_failed, device.day_unknown) if today else (0, 0)
        pace = pace_of(device)
        return DeviceCard(
            id=device.id,
            name=device.name,
            phone=device.phone,
            transport=device.transport,
            state=device.state,
            state_reason=device.last_error,
            paused=device.paused_at is not None,
            min_delay=device.min_delay_seconds,
            max_delay=device.max_delay_seconds,
            next_send_at=max((at for at in (first_due, device.next_send_at) if at and queued), default=None),
            queued=queued,
            pace=pace,
            today=tally.day,
            cap_today=pace.cap_on(tally.day),
            used_today=tally.day_count,
            sent_today=ended_today - failed - unknown,
            failed_today=failed,
            unknown_today=unknown,
            housing=housing,
            limited_until=standing.limited_until,
            phone_away_for=standing.phone_away_for,
        )

    async def why(self, actor: Actor, device_id: int) -> DeviceStory:
        """Tell the one reason that matters now, and the last points of the timeline."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            device = await find_device(session, actor, device_id)
            (standing,) = await read_standings(session, [device_id], now)
            around = await read_surroundings(session, device_id)
            points = await timeline.latest(session, device_id, POINTS_TOLD)
            machine_now = await session.scalar(select(func.clock_timestamp()))
        return DeviceStory(
            name=device.name,
            transport=device.transport,
            state=device.state,
            state_reason=standing.state_reason,
            reason=why(standing, around, now),
            points=points,
            machine_now=machine_now or now,
        )

    async def pause(self, actor: Actor, device_id: int) -> None:
        """No send of this device starts after this has been committed. Idempotent."""
        async with changing_device(self._database, self._clock, actor, device_id, "device.pause") as change:
            if change.device.paused_at is None:
                change.device.paused_at = change.at
                change.note(DeviceEventKind.PAUSED)

    async def resume(self, actor: Actor, device_id: int) -> None:
        async with changing_device(self._database, self._clock, actor, device_id, "device.resume") as change:
            if change.device.paused_at is not None:
                change.device.paused_at = change.device.paused_reason = None
                change.note(DeviceEventKind.RESUMED)

    async def restart(self, actor: Actor, device_id: int) -> None:
        """Let the device go, so that an engine takes it up afresh, also when it was parked or banned."""
        async with changing_device(self._database, self._clock, actor, device_id, "device.restart") as change:
            device = change.device
            if device.state.wants_pairing:
                raise ConflictError(f"{device.name} is not paired. Pair it with its phone first.")
            device.owner, device.state = None, DeviceState.CONNECTING
            device.last_error = device.state_until = None
            device.state_since = func.clock_timestamp()
            change.note(DeviceEventKind.RESTART_ASKED)

    async def remove(self, actor: Actor, device_id: int) -> None:
        """Take the device out of service. Refused while a sequence depends on it alone or people wait for it."""
        async with self._database.transaction() as session:
            device = await find_device(session, actor, device_id, role=Role.OPERATOR, lock=True)
            if device.state.wants_pairing and device.state is not DeviceState.UNPAIRED:
                raise ConflictError(f"{device.name} is just being paired. Stop that first.")
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
            await close_alerts(session, actor.workspace_id, device_id, "It was removed.", self._clock.now())
            actor.record(session, self._clock.now(), "device.remove", device_id)


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
