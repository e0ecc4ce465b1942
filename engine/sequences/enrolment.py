"""Joining a sequence: who may, who may not and why, on which device, and when Day 1 is."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from engine.actor import Actor
from engine.clock import Clock
from engine.database import Database
from engine.errors import ConflictError, NotFoundError
from engine.sequences import store
from engine.sequences.calendar import Due, Run, SendingDays, StepTime, anchor_for, next_due
from engine.sequences.progress import live_steps, sending_days
from engine.sequences.store import Lock
from engine.transactions import Session
from models import ContactList, Workspace
from models import Sequence as SequenceRow
from models.enums import Role, SequenceStatus

CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class JoinReport:
    """`refused` counts people by reason: opted_out, no_consent, already_in_it, had_it_before, had_it_lately."""

    joined: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Start:
    """What somebody of one time zone who joins now begins with."""

    run: Run
    due: Due | None


class Enrolments:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def join_list(self, actor: Actor, sequence_id: int, list_id: int) -> JoinReport:
        async with self._database.transaction() as session:
            there = await session.scalar(
                select(ContactList.id).where(
                    ContactList.id == list_id, ContactList.workspace_id == actor.workspace_id
                )
            )
        if there is None:
            raise NotFoundError("This list does not exist any more.")
        return await self._join(actor, sequence_id, "list_id", list_id)

    async def join_niche(self, actor: Actor, sequence_id: int, niche: str) -> JoinReport:
        return await self._join(actor, sequence_id, "niche", niche)

    async def join_contacts(self, actor: Actor, sequence_id: int, contact_ids: Sequence[int]) -> JoinReport:
        return await self._join(actor, sequence_id, "contact_ids", sorted(set(contact_ids)))

    async def join_everyone(self, actor: Actor, sequence_id: int) -> JoinReport:
        return await self._join(actor, sequence_id, "everyone", True)

    async def _join(self, actor: Actor, sequence_id: int, choice: str, value: object) -> JoinReport:
        now = self._clock.now()
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=Lock.SHARED)
            if sequence.status is SequenceStatus.ARCHIVED:
                raise ConflictError("This sequence is archived; nobody can join it any more.")
            pool = await store.devices_of(session, sequence_id)
            devices = [device.id for device in pool if not device.state.is_lost] or [device.id for device in pool]
            if not devices:
                raise ConflictError("This sequence has no device to send from; choose one first.")
            parameters = {
                "workspace_id": actor.workspace_id,
                "sequence_id": sequence_id,
                "reentry": sequence.reentry_policy,
                "cooldown": sequence.reentry_cooldown_days,
                "now": now,
            }
            chosen = await store.chosen_contacts(session, choice, value, parameters)
            if isinstance(value, list) and len(chosen) < len(value):
                raise NotFoundError("One of these contacts does not exist any more.")
            admitted = [row for row in chosen if row.refusal is None]
            for start in range(0, len(admitted), CHUNK):
                await self._enrol(session, sequence, admitted[start : start + CHUNK], devices, now)
            refused = Counter(row.refusal for row in chosen if row.refusal is not None)
            actor.record(session, now, "sequence.join", sequence_id, joined=len(admitted), refused=dict(refused))
        return JoinReport(len(admitted), refused)

    async def _enrol(
        self,
        session: Session,
        sequence: SequenceRow,
        contacts: Sequence[Any],
        devices: Sequence[int],
        now: datetime,
    ) -> None:
        planned = await starts(session, sequence, {_zone(sequence, row) for row in contacts}, now)
        columns: dict[str, list[Any]] = defaultdict(list)
        for number, row in enumerate(contacts):
            zone = _zone(sequence, row)
            start = planned[zone]
            columns["contact_ids"].append(row.id)
            columns["run_nos"].append(row.run_no)
            columns["anchors"].append(start.run.anchor)
            columns["zones"].append(zone)
            columns["step_ids"].append(start.due and start.due.step_id)
            columns["dues"].append(start.due and start.due.at)
            columns["device_ids"].append(
                row.device_id if row.device_id in devices else devices[number % len(devices)]
            )
        about = {"workspace_id": sequence.workspace_id, "sequence_id": sequence.id, "now": now}
        await session.execute(text(store.ENROL), {**about, **columns})
        await session.execute(text(store.KEEP_DEVICES), columns)


async def starts(session: Session, sequence: SequenceRow, zones: set[str], now: datetime) -> dict[str, Start]:
    """Work out, once a zone, the anchor date and the first due instant of those who join now."""
    workspace = await session.get_one(Workspace, sequence.workspace_id)
    days = calendar_of(sequence, workspace)
    steps = await live_steps(session, sequence.id)
    return {zone: _start(zone, steps, days, now) for zone in zones}


def calendar_of(sequence: SequenceRow, workspace: Workspace) -> SendingDays:
    return sending_days(
        skip_weekends=sequence.skip_weekends,
        rest_days=tuple(workspace.rest_days),
        skip_holidays=sequence.skip_holidays,
        country=workspace.country,
    )


def _start(zone: str, steps: Sequence[StepTime], days: SendingDays, now: datetime) -> Start:
    local = ZoneInfo(zone)
    first = min(steps, key=lambda step: step.place, default=None)
    anchor = anchor_for(now, local, first, days) if first else now.astimezone(local).date()
    run = Run(now, anchor, local)
    return Start(run, next_due(run, steps, days))


def _zone(sequence: SequenceRow, contact: Any) -> str:
    return str(contact.time_zone) if sequence.use_contact_time_zone and contact.time_zone else sequence.time_zone
