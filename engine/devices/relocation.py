"""A device is lost for good: its people go to other devices, or wait, and the operators are asked.

A job does it: what it finds is in the database, so a crash at any moment loses nothing, and it finds as well who
came to a lost device later. Each device is one transaction, and what has been moved is not found again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text

from engine.actor import Actor
from engine.alerts import Alerts, meaning, raise_signals
from engine.clock import Clock
from engine.database import Database
from engine.devices import relocation_store as store
from engine.devices.changes import find_device
from engine.devices.relocation_store import Moved
from engine.devices.timeline import note_by
from engine.errors import ConflictError
from engine.signals import NobodyWaiting, PeopleMoved, PeopleWaiting, Signal
from engine.transactions import Session
from models import Alert, UserDevice
from models.enums import AlertKind, AlertStatus, DeviceEventKind, DeviceState, Face, Role

USABLE = (DeviceState.ONLINE, DeviceState.CONNECTING, DeviceState.DEGRADED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits for a device, and where they could go: (id, name) of the team's usable devices."""

    name: str
    people: int
    is_lost: bool
    asked: bool  # there is an alert that nobody has acknowledged
    devices: tuple[tuple[int, str], ...]


class Relocation:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def run_once(self) -> int:
        """Move the people of every lost device who have another one; how many people were moved."""
        async with self._database.transaction() as session:
            lost = list(await session.scalars(text(store.LOST_DEVICES)))
        return sum([await self._leave(device_id) for device_id in lost])

    async def waiting(self, actor: Actor, device_id: int) -> Waiting:
        async with self._database.transaction() as session:
            device = await find_device(session, actor, device_id)
            people = await session.scalar(text(store.WAITING), {"device_id": device_id})
            alert_id = await session.scalar(
                _open_alert(actor, device_id).where(Alert.status == AlertStatus.FIRING)
            )
            others = await session.execute(
                select(UserDevice.id, UserDevice.name)
                .where(
                    UserDevice.workspace_id == actor.workspace_id,
                    UserDevice.id != device_id,
                    UserDevice.removed_at.is_(None),
                    UserDevice.state.in_(USABLE),
                )
                .order_by(UserDevice.name)
            )
            devices = tuple((row.id, row.name) for row in others)
        return Waiting(device.name, people or 0, device.state.is_lost, alert_id is not None, devices)

    async def move(self, actor: Actor, device_id: int, to: int) -> int:
        """Move everybody who waits for a device to another one of the team; how many people.

        It joins the pools of their sequences and campaigns, so that who comes from now on has it too. The pools
        keep the device that they leave, for when it is paired anew. What is on its way stays. Idempotent.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            device = await find_device(session, actor, device_id, role=Role.OPERATOR)
            target = await find_device(session, actor, to, role=Role.OPERATOR)
            if to == device_id:
                raise ConflictError("They are with this device already; choose another one.")
            if target.state not in USABLE:
                raise ConflictError(f"{target.name} cannot send now; choose another device.")
            await session.execute(text(store.LOCK_DEVICE), {"device_id": device_id})
            moved = await store.move_people(session, device_id, to=to)
            if moved.people:
                actor.record(session, now, "device.move_people", device_id, to=to, people=moved.people)
                words = f"{moved.people:,} people to {target.name}"
                await note_by(session, actor, device_id, DeviceEventKind.MOVED, words)
            await raise_signals(session, [NobodyWaiting(actor.workspace_id, device_id, device.name)], now)
        return moved.people

    async def hold(self, actor: Actor, device_id: int) -> None:
        """Let them wait for this device: the operators know, and are not asked again. Idempotent."""
        actor.must_be(Role.OPERATOR)
        async with self._database.transaction() as session:
            await find_device(session, actor, device_id)
            alert_id = await session.scalar(_open_alert(actor, device_id))
        if alert_id is not None:
            await Alerts(self._database, self._clock).acknowledge(actor, alert_id)

    async def _leave(self, device_id: int) -> int:
        now = self._clock.now()
        async with self._database.transaction() as session:
            lost = (await session.execute(text(store.LOCK_LOST), {"device_id": device_id})).one_or_none()
            if lost is None:  # another engine is at it, or a claim: the next pass comes soon
                return 0
            why = _why(lost)
            moved = Moved(0, {})
            people = 0
            if why is not None:
                moved = await store.move_people(session, device_id)
                people = await session.scalar(text(store.WAITING), {"device_id": device_id}) or 0
            signals = await self._signals(session, lost, why or "", moved, people)
            await raise_signals(session, signals, now)
            if moved.people:
                system = Actor(lost.workspace_id, Role.OWNER, Face.SYSTEM)
                system.record(session, now, "device.move_people", device_id, people=moved.people)
        return moved.people

    async def _signals(self, session: Session, lost: Any, why: str, moved: Moved, people: int) -> Sequence[Signal]:
        about = (lost.workspace_id, lost.id, lost.name)
        signals: list[Signal] = []
        if moved.people:
            names = await session.scalars(
                select(UserDevice.name).where(UserDevice.id.in_(moved.by_device)).order_by(UserDevice.name)
            )
            signals.append(PeopleMoved(*about, why=why, people=moved.people, to=tuple(names)))
        if people:
            asking = PeopleWaiting(*about, why=why, people=people)
            # Told once, again only with other numbers, and not to who has said that they may wait.
            if lost.alert is None or (lost.alert == AlertStatus.FIRING and lost.told != meaning(asking).text):
                signals.append(asking)
        elif lost.alert is not None:
            signals.append(NobodyWaiting(*about))
        return signals


def _why(device: Any) -> str | None:
    """Why its people cannot wait for it, or None if they can."""
    if device.removed_at is not None:
        return "was removed"
    if not DeviceState(device.state).is_lost:
        return None
    return "is logged out" if device.state == DeviceState.LOGGED_OUT else "is banned"


def _open_alert(actor: Actor, device_id: int) -> Any:
    return select(Alert.id).where(
        Alert.workspace_id == actor.workspace_id,
        Alert.kind == AlertKind.PEOPLE_WAITING,
        Alert.subject == f"device:{device_id}",
        Alert.status != AlertStatus.RESOLVED,
    )
