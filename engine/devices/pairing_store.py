"""The rows of a pairing: a device that appears with it, or waits for it; what becomes of it at the end."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.phones import write_phone
from engine.database import AdvisoryLock
from engine.devices import timeline
from engine.devices.changes import find_device
from engine.devices.presets import PRESETS, NumberAge
from engine.errors import ConflictError
from engine.transactions import Session
from models import UserDevice, Workspace
from models.enums import DeviceEventKind, DeviceState, Face, Role, TransportKind

PAIRING = (DeviceState.PAIRING, DeviceState.PASSKEY_REQUIRED)
HAS_SESSION = "SELECT EXISTS (SELECT FROM device_sessions WHERE device_id = :device_id)"


@dataclass(frozen=True, slots=True)
class Former:
    """How a device stood before it was paired anew."""

    state: DeviceState
    last_error: str | None


async def add(session: Session, actor: Actor, clock: Clock, name: str) -> UserDevice:
    """Add a real device that is just being paired. Until somebody says how old its number is, it counts as new."""
    workspace = await session.get_one(Workspace, actor.workspace_id)
    today = clock.now().astimezone(ZoneInfo(workspace.time_zone)).date()
    device = UserDevice(
        workspace_id=actor.workspace_id,
        name=name,
        transport=TransportKind.NEONIZE,
        state=DeviceState.PAIRING,
        **PRESETS[NumberAge.NEW].columns(today),
    )
    try:
        async with session.begin_nested():
            session.add(device)
    except IntegrityError:
        raise name_taken(name) from None
    actor.record(session, clock.now(), "device.add", device.id, name=name)
    await timeline.note_by(session, actor, device.id, DeviceEventKind.ADDED)
    return device


async def check_name_is_free(session: Session, actor: Actor, name: str) -> None:
    taken = await session.scalar(
        select(UserDevice.id).where(
            UserDevice.workspace_id == actor.workspace_id,
            func.lower(UserDevice.name) == func.lower(name),
            UserDevice.removed_at.is_(None),
        )
    )
    if taken is not None:
        raise name_taken(name)


def name_taken(name: str) -> ConflictError:
    return ConflictError(f"There is already a device called “{name}”; choose another name.")


async def begin_again(session: Session, actor: Actor, clock: Clock, device_id: int) -> tuple[UserDevice, Former]:
    """Take a real device out of service while it is paired anew. Raises NotFoundError, ConflictError."""
    device = await find_device(session, actor, device_id, role=Role.OPERATOR, lock=True)
    if device.transport is not TransportKind.NEONIZE:
        raise ConflictError(f"{device.name} is no real WhatsApp number, so there is nothing to pair.")
    former = Former(device.state, device.last_error)
    if device.state in PAIRING:  # of a process that is gone
        former = Former(await _without_a_pairing(session, device), None)
    let_go(device, DeviceState.PAIRING)
    actor.record(session, clock.now(), "device.pair_again", device_id)
    return device, former


def let_go(device: UserDevice, state: DeviceState, reason: str | None = None) -> None:
    """Put a device into a state that no engine has found, and take it from the one that works it.

    What that one may still have to say of its line does not count: unless a message is in flight, whose outcome
    does.
    """
    device.state, device.last_error, device.state_until = state, reason, None
    device.state_since, device.owner = func.clock_timestamp(), None
    if device.in_flight_message_id is None:
        device.epoch += 1


async def _in_use(session: Session, phone: str, besides: int) -> UserDevice | None:
    """Find another device of this installation with this number. Until the end no other takes one into use."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": AdvisoryLock.TAKE_NUMBER})
    query = select(UserDevice).where(
        UserDevice.phone == phone,
        UserDevice.id != besides,
        UserDevice.removed_at.is_(None),
        UserDevice.transport != TransportKind.SIMULATOR,  # whose numbers are nobody's
    )
    return await session.scalar(query.limit(1))


async def refuse_number(
    session: Session, actor: Actor, device: UserDevice | None, phone: str, *, scanned: bool
) -> str | None:
    """Say why this number cannot be the one of this device (None: of a new one); None: it can."""
    if device is not None and device.phone is not None and device.phone != phone:
        was, now = write_phone(device.phone), write_phone(phone)
        how = "you scanned with" if scanned else "you gave"
        return f"This device was {was}; {how} {now}. Add that number as a new device."
    other = await _in_use(session, phone, device.id if device is not None else 0)
    if other is None:
        return None
    if other.workspace_id == actor.workspace_id:
        mend = f"To pair it anew: Devices → {other.name} → Re-pair."
        return f"{write_phone(phone)} is the device “{other.name}” already. {mend}"
    return f"{write_phone(phone)} is in use here already, by another team."


async def take_into_service(session: Session, actor: Actor, clock: Clock, device: UserDevice, phone: str) -> None:
    """It is paired: whichever engine is free takes it."""
    let_go(device, DeviceState.CONNECTING)
    device.phone, device.paired_at = phone, func.clock_timestamp()
    actor.record(session, clock.now(), "device.pair", device.id, phone=phone)
    await timeline.note_by(session, actor, device.id, DeviceEventKind.PAIRED, write_phone(phone))


async def end_in_vain(
    session: Session, actor: Actor, clock: Clock, device_id: int, *, former: Former | None, why: str
) -> bool:
    """Put a device back to how it was before; one that appeared with this pairing goes away. Whether it stays.

    `former`: None for one that appeared, or of which nobody knows any more.
    """
    device = await session.scalar(
        select(UserDevice).where(UserDevice.id == device_id, UserDevice.state.in_(PAIRING)).with_for_update()
    )
    if device is None:
        return True
    actor.record(session, clock.now(), "device.not_paired", device_id, name=device.name, why=why)
    if former is not None:
        let_go(device, _state_after(former), former.last_error)
    elif device.paired_at is not None:
        let_go(device, await _without_a_pairing(session, device))
    elif await _take_away(session, device_id):
        return False
    else:  # somebody has already made plans with it
        let_go(device, DeviceState.UNPAIRED)
    return True


def nobody(workspace_id: int) -> Actor:
    """On whose behalf is put right what a process has left that is gone."""
    return Actor(workspace_id, Role.OPERATOR, Face.SYSTEM)


async def left_behind(session: Session) -> list[tuple[int, int]]:
    """Read the devices that are being paired, or were when a process died: (device, workspace)."""
    query = select(UserDevice.id, UserDevice.workspace_id).where(UserDevice.state.in_(PAIRING))
    return [(row.id, row.workspace_id) for row in await session.execute(query)]


async def _take_away(session: Session, device_id: int) -> bool:
    try:
        async with session.begin_nested():
            await session.execute(delete(UserDevice).where(UserDevice.id == device_id))
    except IntegrityError:  # a sequence, a message … refers to it
        return False
    return True


def _state_after(former: Former) -> DeviceState:
    """Its line is gone: what was connected has to connect."""
    stays = former.state.is_terminal or former.state is DeviceState.UNPAIRED
    return former.state if stays else DeviceState.CONNECTING


async def _without_a_pairing(session: Session, device: UserDevice) -> DeviceState:
    """Where a device stands of which only the present pairing is known."""
    has_session = await session.scalar(text(HAS_SESSION), {"device_id": device.id})
    return DeviceState.CONNECTING if has_session else DeviceState.UNPAIRED
