"""Who is in a sequence: a page of a tab at a time, each with where they are, what is next or what went wrong."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from engine.actor import Actor
from engine.contacts.book import searched
from engine.database import Database
from engine.sequences import people_store, store
from engine.sequences.pasting import write_header
from models.enums import EnrolmentStatus, MessageStatus, PauseReason, SequenceStatus

A_PAGE = 8


class Tab(StrEnum):
    """The statuses of runs, and beside them whoever had a message that failed or is unsure."""

    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    EXITED = "exited"
    TROUBLE = "trouble"


@dataclass(frozen=True, slots=True)
class Person:
    """One run. `header`: of the message that is next, in the tab of troubles of the one that went wrong."""

    enrolment_id: int
    contact_id: int
    name: str
    phone: str
    status: EnrolmentStatus
    time_zone: str
    header: str | None
    due_at: datetime | None
    on_its_way: bool
    pause: PauseReason | None
    paused_by: str | None
    paused_at: datetime | None
    exit_reason: str | None
    ended_at: datetime | None
    outcome: MessageStatus | None
    error: str


@dataclass(frozen=True, slots=True)
class PeoplePage:
    sequence: str
    sequence_status: SequenceStatus
    counts: dict[Tab, int]  # of all tabs but that of troubles
    replied: int  # of those who are paused
    people: tuple[Person, ...]
    more: bool


class SequencePeople:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, actor: Actor, sequence_id: int, tab: Tab, *, search: str = "", page: int = 0
    ) -> PeoplePage:
        """`search`: a part of a name or at least three digits of a number. A_PAGE people, from page 0 on."""
        name, digits = searched(search)
        about = {
            "sequence_id": sequence_id,
            "name": name,
            "digits": digits,
            "first": page * A_PAGE,
            "most": A_PAGE + 1,
        }
        async with self._database.transaction() as session:
            sequence = await store.find(session, actor, sequence_id)
            counts = await people_store.counts(session, sequence_id)
            if tab is Tab.TROUBLE:
                rows = await people_store.trouble(session, about)
            else:
                rows = await people_store.page(session, tab, about)
        return PeoplePage(
            sequence.name,
            sequence.status,
            {Tab(row.status): row.people for row in counts},
            sum(row.replied for row in counts if row.status == EnrolmentStatus.PAUSED),
            tuple(_person(row) for row in rows[:A_PAGE]),
            len(rows) > A_PAGE,
        )


def _person(row: Any) -> Person:
    named = row.day_number is not None
    return Person(
        enrolment_id=row.id,
        contact_id=row.contact_id,
        name=row.name,
        phone=row.phone,
        status=EnrolmentStatus(row.status),
        time_zone=row.time_zone,
        header=write_header(row.day_number, row.send_time, row.after_join_minutes) if named else None,
        due_at=row.due_at,
        on_its_way=row.on_its_way,
        pause=PauseReason(row.paused_reason) if row.paused_reason else None,
        paused_by=row.paused_by,
        paused_at=row.paused_at,
        exit_reason=row.exit_reason,
        ended_at=row.ended_at,
        outcome=MessageStatus(row.outcome) if row.outcome else None,
        error=row.error or "",
    )
