"""Joining a sequence: who may, who may not and why, and on which days those who are to come in waves do."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.phones import Phone, UnreadablePhone, read_phones
from engine.contacts.segmenting import members_of
from engine.database import Database
from engine.errors import ConflictError, NotFoundError
from engine.sequences import joining, joining_store, store
from engine.sequences.calendar import SendingDays
from engine.sequences.joining import AT_ONCE, Refusal, RefusalReason, Start, Target, by_reason, start_of
from engine.sequences.progress import live_steps, load_targets, sending_days
from engine.sequences.store import Lock
from engine.transactions import Session
from models import ContactList, Workspace
from models import Sequence as SequenceRow
from models.enums import EnrolmentStatus, Role, SequenceStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Who is to join, named in any of these ways; who is named twice joins once.

    A phone without a country code is of the workspace's country. Whoever is not in the contact book is refused:
    only an import, with its permission, adds people to it.
    """

    phones: Collection[str] = ()
    contact_ids: Collection[int] = ()
    list_id: int | None = None
    segment_id: int | None = None  # whoever is in it at the moment
    niche: str | None = None
    everyone: bool = False


@dataclass(frozen=True, slots=True)
class JoinReport:
    """`last_on`: when the last of them joins, if not all do at once; of a draft, as if it were started now."""

    joined: int
    refusals: tuple[Refusal, ...]
    last_on: date | None = None
    first_run: int | None = field(default=None, compare=False)  # of the runs that it made

    @property
    def refused(self) -> Mapping[RefusalReason, int]:
        """How many people by reason."""
        return by_reason(self.refusals)


@dataclass(frozen=True, slots=True)
class JoinPreview:
    """What joining would do. `paces`: on which day the last of them would join, at so many a day.

    `behind`: others join in waves up to this day, and new waves come after it.
    """

    joining: int
    refusals: tuple[Refusal, ...]
    paces: Mapping[int, date]
    behind: date | None

    @property
    def refused(self) -> Mapping[RefusalReason, int]:
        """How many people by reason."""
        return by_reason(self.refusals)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom somebody has named, each with why they may not join, if so; and what was named and is nobody's."""

    target: Target
    contacts: Sequence[Any]
    unknown: tuple[Refusal, ...]


class Enrolments:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def join(self, actor: Actor, sequence_id: int, who: Who, *, per_day: int | None = None) -> JoinReport:
        """Let them join, all at once or so many a sending day, and tell who could not and why."""
        lock = Lock.SHARED if per_day is None else Lock.EXCLUSIVE  # two who plan waves take turns
        now = self._clock.now()
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id, role=Role.OPERATOR, lock=lock)
            asked = await self._ask(session, actor, sequence_id, who, now)
            target = asked.target
            waves = AT_ONCE if per_day is None else await joining.waves_of(session, target, per_day, now)
            done = await joining.join(session, target, asked.contacts, now, waves)
            report = JoinReport(
                joined=len(done.runs),
                refusals=(*asked.unknown, *done.refusals),
                last_on=joining.joins_on(target, waves.of(len(done.runs) - 1), now)
                if per_day is not None and done.runs
                else None,
                first_run=min(done.runs.values(), default=None),
            )
            detail = {"joined": report.joined, "refused": dict(report.refused), "per_day": per_day}
            actor.record(session, now, "sequence.join", sequence_id, **detail)
        return report

    async def preview(
        self,
        actor: Actor,
        sequence_id: int,
        who: Who,
        *,
        paces: Collection[int] = (),
        before_run: int | None = None,
    ) -> JoinPreview:
        """Say what joining would do, and change nothing. `before_run`: what it would have done before that run.

        A pace that would take more than a year is left out.
        """
        now = self._clock.now()
        async with self._database.transaction() as session:
            await store.find(session, actor, sequence_id)
            asked = await self._ask(session, actor, sequence_id, who, now, before_run=before_run)
            refusals = [
                Refusal(RefusalReason(row.refusal), row.id, row.phone, name=row.name)
                for row in asked.contacts
                if row.refusal is not None
            ]
            count, target = len(asked.contacts) - len(refusals), asked.target
            behind, ends = None, {}
            for pace in paces if count else ():
                waves = await joining.waves_of(session, target, pace, now)
                if waves.first > 1:
                    behind = joining.joins_on(target, waves.first - 1, now)
                last = waves.of(count - 1)
                if last <= joining.MOST_WAVES:
                    ends[pace] = joining.joins_on(target, last, now)
        return JoinPreview(count, (*asked.unknown, *refusals), ends, behind)

    async def join_contacts(self, actor: Actor, sequence_id: int, contact_ids: Collection[int]) -> JoinReport:
        """Let these join at once. Raises NotFoundError if one of them is not in the contact book."""
        async with self._database.transaction() as session:
            found = await _find_contacts(session, actor.workspace_id, contact_ids, ())
        if len(found) < len(set(contact_ids)):
            raise NotFoundError("One of these contacts does not exist any more.")
        return await self.join(actor, sequence_id, Who(contact_ids=contact_ids))

    async def _ask(
        self,
        session: Session,
        actor: Actor,
        sequence_id: int,
        who: Who,
        now: datetime,
        *,
        before_run: int | None = None,
    ) -> _Asked:
        (target,) = await load_targets(session, [sequence_id])
        if target.status is SequenceStatus.ARCHIVED:
            raise ConflictError("This sequence is archived; nobody can join it any more.")
        if not target.devices:
            raise ConflictError("This sequence has no device to send from; choose one first.")
        if who.list_id is not None:
            await _find_list(session, actor, who.list_id)
        workspace = await session.get_one(Workspace, actor.workspace_id)
        read = await asyncio.to_thread(_read_phones, who.phones, workspace.country)
        numbers = {phone.number: given for given, phone in read.items() if isinstance(phone, Phone)}
        found = await _find_contacts(session, actor.workspace_id, who.contact_ids, numbers)
        in_segment: list[int] = []
        if who.segment_id is not None:
            in_segment = await members_of(session, actor, who.segment_id, now)
        chosen = await joining.choose(
            session,
            target,
            now,
            before_run=before_run,
            contact_ids=[*(row.id for row in found), *in_segment],
            list_id=who.list_id,
            niche=who.niche,
            everyone=who.everyone,
        )
        there = {row.id: row.phone for row in found}
        unread = [
            Refusal(RefusalReason.NOT_A_PHONE, None, given, phone.reason)
            for given, phone in read.items()
            if isinstance(phone, UnreadablePhone)
        ]
        phones = set(there.values())
        missing = [given for number, given in numbers.items() if number not in phones]
        unknown = [
            *unread,
            *(Refusal(RefusalReason.NOT_FOUND, None, given) for given in missing),
            *(
                Refusal(RefusalReason.NOT_FOUND, contact_id, None)
                for contact_id in sorted(set(who.contact_ids) - there.keys())
            ),
        ]
        return _Asked(target, chosen, tuple(unknown))


async def starts(session: Session, sequence: SequenceRow, zones: set[str], now: datetime) -> dict[str, Start]:
    """Work out, once a zone, the anchor date and the first due instant of those who join now."""
    begun = await starts_of(session, sequence, {(zone, 0) for zone in zones}, now)
    return {zone: start for (zone, _), start in begun.items()}


async def begin(session: Session, sequence: SequenceRow, now: datetime) -> dict[int, EnrolmentStatus]:
    """Let those who joined a draft begin now, each wave at its distance: the ids and states of their runs.

    They are to be planned anew after this. Who is paused on their own begins now as well, and stays paused.
    """
    untouched = (await session.execute(text(joining_store.UNTOUCHED), {"sequence_id": sequence.id})).all()
    begun = await starts_of(session, sequence, {(row.time_zone, row.wave) for row in untouched}, now)
    ids = [row.id for row in untouched]
    columns = {
        "zones": [zone for zone, _ in begun],
        "waves": [wave for _, wave in begun],
        "joined_at": [start.run.joined_at for start in begun.values()],
        "anchors": [start.run.anchor for start in begun.values()],
    }
    await session.execute(text(joining_store.REJOIN), {"ids": ids, **columns})
    return {row.id: EnrolmentStatus(row.status) for row in untouched}


async def starts_of(
    session: Session, sequence: SequenceRow, places: Collection[tuple[str, int]], now: datetime
) -> dict[tuple[str, int], Start]:
    """Work out the same once a zone and wave."""
    workspace = await session.get_one(Workspace, sequence.workspace_id)
    days = calendar_of(sequence, workspace)
    steps = await live_steps(session, sequence.id)
    return {(zone, wave): start_of(zone, wave, steps, days, now) for zone, wave in places}


def calendar_of(sequence: SequenceRow, workspace: Workspace) -> SendingDays:
    return sending_days(
        skip_weekends=sequence.skip_weekends,
        rest_days=tuple(workspace.rest_days),
        skip_holidays=sequence.skip_holidays,
        country=workspace.country,
    )


async def _find_contacts(
    session: Session, workspace_id: int, ids: Collection[int], phones: Collection[str]
) -> Sequence[Any]:
    """Return (id, phone) of those of them that the workspace has."""
    values = {"workspace_id": workspace_id, "ids": list(ids), "phones": list(phones)}
    return await session.rows(joining_store.FIND_CONTACTS, values)


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
