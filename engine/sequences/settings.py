"""A sequence's settings: when it sends, what becomes of late messages, who joins, and what comes after."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts.naming import LONGEST_NICHE
from engine.contacts.time_zones import known_zones
from engine.database import Database
from engine.errors import ConflictError, InvalidInputError
from engine.sequences import store
from engine.sequences.replanning import replan_all
from engine.sequences.revisions import open_for_change, record_change
from engine.sequences.store import Lock
from engine.transactions import Session
from models import Sequence as SequenceRow
from models.enums import MissedPolicy, OnReply, ReentryPolicy, SequenceStatus

LONGEST_LATE_WINDOW = 7 * 1440  # minutes
LONGEST_COOLDOWN = 3650  # days

# What decides when messages are due, and how late is late: who waits is planned anew.
PLANNED_BY = {"skip_weekends", "skip_holidays", "late_window_minutes"}

# Two who set what comes after what take turns, so that no loop is made by both together.
TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtext('next_sequence'), CAST(:workspace_id AS int))"

# Where somebody gets to who goes on from this sequence: the names, in order.
WAY_ON = """
WITH RECURSIVE way AS (
    SELECT s.id, s.name, s.next_sequence_id, 1 AS place FROM sequences s WHERE s.id = :sequence_id
     UNION ALL
    SELECT s.id, s.name, s.next_sequence_id, way.place + 1
      FROM way JOIN sequences s ON s.id = way.next_sequence_id AND way.id <> :until)
SELECT id, name FROM way ORDER BY place
"""
LOCK_BEFORE = "SELECT id FROM sequences WHERE next_sequence_id = :sequence_id ORDER BY id FOR UPDATE"
LET_GO = """
UPDATE sequences SET next_sequence_id = NULL, revision = revision + 1 WHERE next_sequence_id = :sequence_id
RETURNING id, revision
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceSettings:
    skip_weekends: bool = False  # the workspace's days of rest
    skip_holidays: bool = False
    time_zone: str  # of those who join from now on …
    use_contact_time_zone: bool = False  # … whose own is not known, or does not count
    default_time: time = time(9)  # local, of messages that name none
    missed_policy: MissedPolicy = MissedPolicy.SHIFT
    late_window_minutes: int = 720
    on_reply: OnReply = OnReply.PAUSE
    reentry_policy: ReentryPolicy = ReentryPolicy.NEVER
    reentry_cooldown_days: int = 30
    niche: str | None = None
    auto_enroll: bool = False  # new leads of the niche join by themselves
    next_sequence_id: int | None = None  # where those go on who complete this one

    @classmethod
    def of(cls, sequence: SequenceRow) -> "SequenceSettings":
        return cls(**{field.name: getattr(sequence, field.name) for field in fields(cls)})


class SequenceRules:
    """Reading and changing the settings."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def get(self, actor: Actor, sequence_id: int) -> SequenceSettings:
        async with self._database.transaction() as session:
            return SequenceSettings.of(await store.find(session, actor, sequence_id))

    async def change(self, actor: Actor, sequence_id: int, **changes: Any) -> int:
        """Set some of the settings, by name. Returns how many people now wait for another time."""
        now = self._clock.now()
        async with self._database.transaction() as session:
            if "next_sequence_id" in changes:
                await take_turns(session, actor)
            sequence = await open_for_change(session, actor, sequence_id, now=now)
            changed = await apply(session, actor, sequence, **changes)
            if not changed:
                return 0
            touched = await replan_all(session, sequence_id, now) if PLANNED_BY & changed.keys() else 0
            told = {name: str(value) if isinstance(value, time) else value for name, value in changed.items()}
            record_change(session, actor, sequence, "sequence.settings", now, **told)
        return touched


async def apply(session: Session, actor: Actor, sequence: SequenceRow, **changes: Any) -> dict[str, Any]:
    """Set these on a sequence that is open for change, and return what is other than before.

    Whoever sets `next_sequence_id` has taken turns. Raises InvalidInputError, NotFoundError, ConflictError.
    """
    before = SequenceSettings.of(sequence)
    after = _checked(replace(before, **changes))
    changed = {name: value for name, value in asdict(after).items() if value != getattr(before, name)}
    if changed.get("next_sequence_id") is not None:
        await _check_next(session, actor, sequence, changed["next_sequence_id"])
    for name, value in changed.items():
        setattr(sequence, name, value)
    if changed:
        await session.flush()
    return changed


async def take_turns(session: Session, actor: Actor) -> None:
    """Wait for whoever is just setting what comes after what, before any sequence is locked."""
    await session.execute(text(TAKE_TURNS), {"workspace_id": actor.workspace_id})


async def lock_before(session: Session, sequence_id: int) -> None:
    """Lock what goes on to this sequence, before that is locked itself: always along the way on."""
    await session.execute(text(LOCK_BEFORE), {"sequence_id": sequence_id})


async def let_go(session: Session, actor: Actor, sequence_id: int, now: datetime) -> None:
    """Let nothing go on to this sequence any more; it is locked, and what goes on to it too."""
    for row in await session.execute(text(LET_GO), {"sequence_id": sequence_id}):
        about = {"sequence": row.id, "revision": row.revision, "next_sequence_id": None}
        actor.record(session, now, "sequence.settings", row.id, **about)


def clean_niche(niche: str | None) -> str | None:
    return " ".join(niche.replace("\0", "").split())[:LONGEST_NICHE] or None if niche else None


def _checked(settings: SequenceSettings) -> SequenceSettings:
    settings = replace(settings, niche=clean_niche(settings.niche))
    if settings.time_zone not in known_zones():
        raise InvalidInputError(
            f"There is no time zone “{settings.time_zone[:40]}”. Write it like Asia/Jakarta or Europe/Berlin."
        )
    if not 1 <= settings.late_window_minutes <= LONGEST_LATE_WINDOW:
        raise InvalidInputError("A message can count as late after at least one minute and at most 7 days.")
    if not 1 <= settings.reentry_cooldown_days <= LONGEST_COOLDOWN:
        raise InvalidInputError(
            f"Somebody can join again after at least one and at most {LONGEST_COOLDOWN:,} days."
        )
    if settings.auto_enroll and settings.niche is None:
        raise ConflictError("New leads can join by themselves once you have said which interest it is for.")
    return settings


async def _check_next(session: Session, actor: Actor, sequence: SequenceRow, next_id: int) -> None:
    following = await store.find(session, actor, next_id, lock=Lock.SHARED)
    if following.status is SequenceStatus.ARCHIVED:
        raise ConflictError(f"“{following.name}” is archived; nobody can join it any more.")
    about = {"sequence_id": next_id, "until": sequence.id}
    way = (await session.execute(text(WAY_ON), about)).all()
    if way[-1].id == sequence.id:
        names = " → ".join((sequence.name, *(row.name for row in way)))
        raise ConflictError(f"{names}: a loop. People would go round for ever.")
