"""Joining a sequence: who may, who may not and why, on which device, and when Day 1 is."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.phones import Phone, UnreadablePhone, read_phones
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


class RefusalReason(StrEnum):
    OPTED_OUT = "opted_out"
    NO_CONSENT = "no_consent"
    ALREADY_IN_IT = "already_in_it"
    HAD_IT_BEFORE = "had_it_before"
    HAD_IT_LATELY = "had_it_lately"
    NOT_A_PHONE = "not_a_phone"
    NOT_FOUND = "not_found"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Who could not join: a contact, or else what was given and is nobody's."""

    reason: RefusalReason
    contact_id: int | None
    phone: str | None  # of the contact, or as it was given
    detail: str | None = None  # what is wrong with a phone that cannot be read


@dataclass(frozen=True, slots=True)
class JoinReport:
    joined: int
    refusals: tuple[Refusal, ...]

    @property
    def refused(self) -> Mapping[RefusalReason, int]:
        """How many people by reason."""
        return Counter(refusal.reason for refusal in self.refusals)


@dataclass(frozen=True, slots=True)
class Start:
    """What somebody of one time zone who joins now begins with."""

    run: Run
    due: Due | None


class Enrolments:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def join(
        self,
        actor: Actor,
        sequence_id: int,
        *,
        phones: Collection[str] = (),
        contact_ids: Collection[int] = (),
        list_id: int | None = None,
    ) -> JoinReport:
        """Let everybody join who is named in any of these ways; who is named twice joins once.

        A phone without a country code is of the workspace's country. Whoever is not in the contact book is
        refused: only an import, with its permission, adds people to it.
        """
        async with self._database.transaction() as session:
            if list_id is not None:
                await _find_list(session, actor, list_id)
            workspace = await session.get_one(Workspace, actor.workspace_id)
            read = await asyncio.to_thread(_read_phones, phones, workspace.country)
            numbers = {phone.number: given for given, phone in read.items() if isinstance(phone, Phone)}
            found = await store.find_contacts(session, actor.workspace_id, contact_ids, numbers)
            ids = [row.id for row in found]
            report = await self._join(session, actor, sequence_id, "named", contact_ids=ids, list_id=list_id)
        unread = [
            Refusal(RefusalReason.NOT_A_PHONE, None, given, phone.reason)
            for given, phone in read.items()
            if isinstance(phone, UnreadablePhone)
        ]
        missing = RefusalReason.NOT_FOUND
        there = {row.phone for row in found}
        unread += [Refusal(missing, None, given) for number, given in numbers.items() if number not in there]
        unread += [Refusal(missing, contact_id, None) for contact_id in sorted(set(contact_ids) - set(ids))]
        return replace(report, refusals=(*unread, *report.refusals))

    async def join_list(self, actor: Actor, sequence_id: int, list_id: int) -> JoinReport:
        async with self._database.transaction() as session:
            await _find_list(session, actor, list_id)
            return await self._join(session, actor, sequence_id, "list_id", list_id=list_id)

    async def join_niche(self, actor: Actor, sequence_id: int, niche: str) -> JoinReport:
        async with self._database.transaction() as session:
            return await self._join(session, actor, sequence_id, "niche", niche=niche)

    async def join_contacts(self, actor: Actor, sequence_id: int, contact_ids: Collection[int]) -> JoinReport:
        """Raises NotFoundError if one of them is not in the contact book."""
        async with self._database.transaction() as session:
            found = await store.find_contacts(session, actor.workspace_id, contact_ids, ())
            if len(found) < len(set(contact_ids)):
                raise NotFoundError("One of these contacts does not exist any more.")
            return await self._join(session, actor, sequence_id, "contact_ids", contact_ids=list(contact_ids))

    async def join_everyone(self, actor: Actor, sequence_id: int) -> JoinReport:
        async with self._database.transaction() as session:
            return await self._join(session, actor, sequence_id, "everyone", everyone=True)

    async def _join(
        self, session: Session, actor: Actor, sequence_id: int, choice: str, **values: object
    ) -> JoinReport:
        now = self._clock.now()
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
        chosen = await store.chosen_contacts(session, choice, {**parameters, **values})
        admitted = [row for row in chosen if row.refusal is None]
        joined: set[int] = set()
        for start in range(0, len(admitted), CHUNK):
            joined |= await self._enrol(session, sequence, admitted[start : start + CHUNK], devices, now)
        refusals = (
            Refusal(RefusalReason(row.refusal or RefusalReason.ALREADY_IN_IT), row.id, row.phone)
            for row in chosen
            if row.id not in joined
        )
        report = JoinReport(len(joined), tuple(refusals))
        refused = dict(report.refused)
        actor.record(session, now, "sequence.join", sequence_id, joined=report.joined, refused=refused)
        return report

    async def _enrol(
        self,
        session: Session,
        sequence: SequenceRow,
        contacts: Sequence[Any],
        devices: Sequence[int],
        now: datetime,
    ) -> set[int]:
        """Let them join; the ids of those who did. Who has joined in another transaction meanwhile is not one."""
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
        joined = set(await session.scalars(text(store.ENROL), {**about, **columns}))
        await session.execute(text(store.KEEP_DEVICES), columns)
        return joined


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
    run = Run(now, anchor_for(now, local, steps, days), local)
    return Start(run, next_due(run, steps, days))


def _zone(sequence: SequenceRow, contact: Any) -> str:
    return str(contact.time_zone) if sequence.use_contact_time_zone and contact.time_zone else sequence.time_zone


async def _find_list(session: Session, actor: Actor, list_id: int) -> None:
    query = select(ContactList.id).where(ContactList.id == list_id, ContactList.workspace_id == actor.workspace_id)
    if await session.scalar(query) is None:
        raise NotFoundError("This list does not exist any more.")


def _read_phones(phones: Collection[str], country: str) -> dict[str, Phone | UnreadablePhone]:
    """Read each as one number."""
    read: dict[str, Phone | UnreadablePhone] = {}
    for given in phones:
        found = read_phones(given, country) or [UnreadablePhone(given, "there is no number here")]
        read[given] = (
            found[0] if len(found) == 1 else UnreadablePhone(given, "more than one number; send each apart")
        )
    return read
