"""The health check: looks at every device worked here, restarts what hangs, tells what fails."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text

from engine.alerts import raise_signals, trouble_subject
from engine.broadcast.pool import WorkerPool
from engine.broadcast.worker import DeviceWorker
from engine.clock import Clock
from engine.database import Database
from engine.devices import timeline
from engine.devices.health import Diagnosis, judge, misses_receipts
from engine.devices.standings import read_standings
from engine.devices.why import ReasonKind, Standing, Surroundings, may_send_now, why
from engine.signals import (
    DeviceFailing,
    DeviceLimited,
    DeviceSilent,
    DeviceWellAgain,
    PhoneAway,
    Signal,
    Trouble,
)
from engine.transactions import Session
from models.enums import AlertKind, DeviceEventKind, DeviceState

log = structlog.get_logger()

TOGETHER = 100  # devices: to judge 3,000 at once would keep the others waiting for a fifth of a second
NO_RECEIPTS = "connected, but no receipts come"

# Asked only for a device that misses receipts, and once for each worker.
HAD_RECEIPTS = """
SELECT d.id FROM unnest(CAST(:device_ids AS bigint[])) AS d(id)
 WHERE EXISTS (SELECT FROM deliveries r WHERE r.device_id = d.id AND r.delivered_at IS NOT NULL)
"""

# The line says what it is; this only adds or takes away that it is online in vain.
DEGRADE = """
UPDATE user_devices d
   SET state = v.state, last_error = nullif(v.reason, ''), state_since = clock_timestamp()
  FROM unnest(
       CAST(:device_ids AS bigint[]), CAST(:epochs AS bigint[]), CAST(:before AS text[]), CAST(:states AS text[]),
       CAST(:reasons AS text[])
       ) AS v(id, epoch, before, state, reason)
 WHERE d.id = v.id AND d.epoch = v.epoch AND d.state = v.before
"""

# `until` is the end of the capped day: one point a day.
KNOWN_CAPS = """
SELECT v.id FROM unnest(CAST(:device_ids AS bigint[]), CAST(:until AS timestamptz[])) AS v(id, until)
 WHERE EXISTS (SELECT FROM device_events e
                WHERE e.device_id = v.id AND e.kind = 'cap_reached' AND e.until = v.until)
"""

OPEN_TROUBLES = """
SELECT subject FROM alerts
 WHERE workspace_id = ANY(:workspaces) AND kind = :kind AND subject = ANY(:subjects) AND status <> 'resolved'
"""


class Checkup:
    """What only time can tell is kept here: since when each device could have sent."""

    def __init__(self, database: Database, clock: Clock, pool: WorkerPool) -> None:
        self._database = database
        self._clock = clock
        self._pool = pool
        self._ready_since: dict[int, float] = {}  # monotonic
        self._had_receipts: dict[DeviceWorker, bool] = {}

    async def run_once(self) -> list[str]:
        """Judge every device; the names of those that are restarted."""
        workers = self._pool.workers()
        self._forget_all_but(workers)
        restarted = []
        for first in range(0, len(workers), TOGETHER):
            for worker, diagnosis in await self._judge(workers[first : first + TOGETHER]):
                if diagnosis.restart is not None and self._pool.restart(worker, diagnosis.restart):
                    restarted.append(worker.device.name)
        return restarted

    async def _judge(self, some: Sequence[DeviceWorker]) -> list[tuple[DeviceWorker, Diagnosis]]:
        workers = {worker.device.id: worker for worker in some}
        now, machine_now = self._clock.now(), time.monotonic()
        async with self._database.transaction() as session:
            devices = await read_standings(session, list(workers), now)
            await self._look_for_receipts(session, workers)
            judged = []
            for device in devices:
                worker = workers[device.device_id]
                diagnosis = judge(
                    worker.vitals,
                    device,
                    now,
                    ready_for=self._ready_for(device, now, machine_now),
                    had_receipts=self._had_receipts.get(worker, False),
                )
                judged.append((worker, device, diagnosis))
            await self._tell_troubles(session, judged)
            await self._note_caps(session, devices)
        return [(worker, diagnosis) for worker, _, diagnosis in judged]

    async def prune(self) -> None:
        async with self._database.transaction() as session:
            await timeline.prune(session)

    def _forget_all_but(self, workers: Sequence[DeviceWorker]) -> None:
        ready, had = self._ready_since, self._had_receipts
        devices = [worker.device.id for worker in workers]
        self._ready_since = {device_id: ready[device_id] for device_id in devices if device_id in ready}
        self._had_receipts = {worker: had[worker] for worker in workers if worker in had}

    def _ready_for(self, device: Standing, now: datetime, machine_now: float) -> timedelta:
        if may_send_now(device, now):
            return timedelta(seconds=machine_now - self._ready_since.setdefault(device.device_id, machine_now))
        self._ready_since.pop(device.device_id, None)
        return timedelta()

    async def _look_for_receipts(self, session: Session, workers: dict[int, DeviceWorker]) -> None:
        """What a worker saw itself needs no look; an earlier one may have had receipts."""
        asked = [
            worker.device.id
            for worker in workers.values()
            if worker not in self._had_receipts and misses_receipts(worker.vitals)
        ]
        if asked:
            had = set(await session.scalars(text(HAD_RECEIPTS), {"device_ids": asked}))
            self._had_receipts |= {workers[device_id]: device_id in had for device_id in asked}

    async def _tell_troubles(
        self, session: Session, judged: Sequence[tuple[DeviceWorker, Standing, Diagnosis]]
    ) -> None:
        told = await _open_troubles(session, [worker for worker, _, _ in judged])
        signals: list[Signal] = []
        degraded = []
        for worker, device, diagnosis in judged:
            for trouble, present in (
                (Trouble.FAILING, diagnosis.failing),
                (Trouble.SILENT, diagnosis.silent),
                (Trouble.LIMITED, diagnosis.limited),
                (Trouble.PHONE_AWAY, diagnosis.phone_away),
            ):
                known = trouble_subject(device.device_id, trouble) in told
                if present and not known:
                    signals.append(_signal(worker, trouble, device))
                elif present is False and known:
                    signals.append(DeviceWellAgain(*worker.about, trouble=trouble))
            silent_now = bool(diagnosis.silent)
            was_silent = diagnosis.silent is False and device.state_reason == NO_RECEIPTS
            if silent_now and device.state is DeviceState.ONLINE:
                degraded.append((worker, DeviceState.ONLINE, DeviceState.DEGRADED, NO_RECEIPTS))
            elif was_silent and device.state is DeviceState.DEGRADED:
                degraded.append((worker, DeviceState.DEGRADED, DeviceState.ONLINE, ""))
        await raise_signals(session, signals, self._clock.now())
        await _degrade(session, degraded)

    async def _note_caps(self, session: Session, devices: Sequence[Standing]) -> None:
        now = self._clock.now()
        reasons = {device.device_id: why(device, Surroundings(), now) for device in devices}
        capped = {
            device_id: reason for device_id, reason in reasons.items() if reason.kind is ReasonKind.DAILY_CAP
        }
        if not capped:
            return
        until = [reason.until for reason in capped.values()]
        known = set(await session.scalars(text(KNOWN_CAPS), {"device_ids": list(capped), "until": until}))
        points = [
            (device_id, DeviceEventKind.CAP_REACHED, f"{reason.used} of {reason.cap}", reason.until)
            for device_id, reason in capped.items()
            if device_id not in known
        ]
        await timeline.note_all(session, points)


async def _open_troubles(session: Session, workers: Sequence[DeviceWorker]) -> set[str]:
    """The subjects of what has been told and is not over."""
    about = {
        "workspaces": list({worker.device.workspace_id for worker in workers}),
        "kind": AlertKind.DEVICE_TROUBLE,
        "subjects": [trouble_subject(worker.device.id, trouble) for worker in workers for trouble in Trouble],
    }
    return set(await session.scalars(text(OPEN_TROUBLES), about))


async def _degrade(
    session: Session, changes: Sequence[tuple[DeviceWorker, DeviceState, DeviceState, str]]
) -> None:
    if not changes:
        return
    await session.execute(
        text(DEGRADE),
        {
            "device_ids": [worker.device.id for worker, *_ in changes],
            "epochs": [worker.device.epoch for worker, *_ in changes],
            "before": [before for _, before, _, _ in changes],
            "states": [state for _, _, state, _ in changes],
            "reasons": [reason for *_, reason in changes],
        },
    )


def _signal(worker: DeviceWorker, trouble: Trouble, device: Standing) -> Signal:
    vitals = worker.vitals
    match trouble:
        case Trouble.FAILING:
            return DeviceFailing(*worker.about, reason=vitals.failure, count=vitals.failures)
        case Trouble.SILENT:
            return DeviceSilent(*worker.about, count=vitals.unconfirmed)
        case Trouble.LIMITED:
            until = device.limited_until.astimezone(device.zone) if device.limited_until else None
            return DeviceLimited(*worker.about, until=f"{until:%a %d %b, %H:%M}" if until else "later")
        case Trouble.PHONE_AWAY:
            return PhoneAway(*worker.about, days=device.phone_away_for.days if device.phone_away_for else 0)
