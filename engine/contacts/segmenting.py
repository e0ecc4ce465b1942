"""Segments: building them with live counts, keeping them, letting them go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text

from engine.actor import Actor
from engine.clock import Clock
from engine.contacts import segment_store, segments
from engine.contacts.segments import Condition, InSequence, OnList
from engine.database import Database
from engine.devices.registry import check_name
from engine.errors import ConflictError, NotFoundError
from engine.transactions import Session
from models import Segment
from models.enums import Role


@dataclass(frozen=True, slots=True)
class SavedSegment:
    id: int
    name: str
    conditions: tuple[Condition, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Matching:
    """How many meet the conditions now, how many of them may be written to, and a few of them, the newest.

    `lists`, `sequences`: the names of those that the conditions name, by id; what is gone is not in them.
    """

    people: int
    sendable: int
    some: tuple[str, ...]
    lists: Mapping[int, str]
    sequences: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Frequent:
    """Something that contacts have, and how many of those that were looked at have it."""

    value: str
    contacts: int


class Segments:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self, actor: Actor) -> list[SavedSegment]:
        """By name."""
        query = (
            select(Segment).where(Segment.workspace_id == actor.workspace_id).order_by(func.lower(Segment.name))
        )
        async with self._database.transaction() as session:
            return [_saved(row) for row in await session.scalars(query)]

    async def get(self, actor: Actor, segment_id: int) -> SavedSegment:
        async with self._database.transaction() as session:
            return _saved(await _find(session, actor, segment_id))

    async def match(self, actor: Actor, conditions: Sequence[Condition], *, some: int = 3) -> Matching:
        """Count who meets all of these; none of them: everybody."""
        now, workspace_id = self._clock.now(), actor.workspace_id
        async with self._database.transaction() as session:
            lists, sequences = await _named(session, workspace_id, conditions)
            counted = await segment_store.count(session, workspace_id, conditions, now)
            few = await segment_store.some(session, workspace_id, conditions, now, some)
        names = tuple(row.name or row.phone for row in few)
        return Matching(counted.people, counted.sendable, names, lists, sequences)

    async def save(self, actor: Actor, name: str, conditions: Sequence[Condition]) -> int:
        """Keep it under a name. Raises InvalidInputError, NotFoundError, or ConflictError for a name in use."""
        actor.must_be(Role.OPERATOR)
        name = check_name(name, "segment")
        segments.check(conditions)
        async with self._database.transaction() as session:
            await _check_named(session, actor.workspace_id, conditions)
            await _check_free(session, actor, name)
            segment = Segment(
                workspace_id=actor.workspace_id,
                name=name,
                conditions=segments.to_json(conditions),
                created_by=actor.operator_id,
                created_at=self._clock.now(),
            )
            session.add(segment)
            await session.flush()
            actor.record(session, self._clock.now(), "segment.create", segment.id, name=name)
        return segment.id

    async def change(self, actor: Actor, segment_id: int, conditions: Sequence[Condition]) -> None:
        """Give it other conditions: a campaign that has not gone out yet goes to whom they choose."""
        actor.must_be(Role.OPERATOR)
        segments.check(conditions)
        async with self._database.transaction() as session:
            segment = await _find(session, actor, segment_id, lock=True)
            await _check_named(session, actor.workspace_id, conditions)
            segment.conditions = segments.to_json(conditions)
            actor.record(session, self._clock.now(), "segment.change", segment_id, name=segment.name)

    async def rename(self, actor: Actor, segment_id: int, name: str) -> None:
        actor.must_be(Role.OPERATOR)
        name = check_name(name, "segment")
        async with self._database.transaction() as session:
            segment = await _find(session, actor, segment_id, lock=True)
            await _check_free(session, actor, name, but=segment_id)
            segment.name = name
            actor.record(session, self._clock.now(), "segment.rename", segment_id, name=name)

    async def delete(self, actor: Actor, segment_id: int) -> None:
        """The people stay. Raises ConflictError while a campaign that is scheduled or runs is for it."""
        actor.must_be(Role.OPERATOR)
        about = {"workspace_id": actor.workspace_id, "segment_id": segment_id}
        async with self._database.transaction() as session:
            segment = await _find(session, actor, segment_id, lock=True)
            await session.execute(
                text(segment_store.LOCK_USERS), about
            )  # one that is just being launched has been
            user = await session.scalar(text(segment_store.USED_BY), about)
            if user is not None:
                raise ConflictError(f"The campaign “{user}” is for this segment; wait for its end, or cancel it.")
            await session.execute(text(segment_store.LET_GO), about)
            await session.delete(segment)
            actor.record(session, self._clock.now(), "segment.delete", segment_id, name=segment.name)

    async def keys(self, actor: Actor) -> list[Frequent]:
        """What attributes contacts have, the most frequent first."""
        async with self._database.transaction() as session:
            rows = await session.rows(segment_store.KEYS, {"workspace_id": actor.workspace_id})
        return [Frequent(row.key, row.contacts) for row in rows]

    async def values(self, actor: Actor, key: str) -> list[Frequent]:
        """What the most frequent values of an attribute are."""
        async with self._database.transaction() as session:
            rows = await session.rows(segment_store.VALUES, {"workspace_id": actor.workspace_id, "key": key})
        return [Frequent(row.value, row.contacts) for row in rows]


async def members_of(session: Session, actor: Actor, segment_id: int, now: datetime) -> list[int]:
    """Find the contacts that are in a segment now. Raises NotFoundError."""
    segment = _saved(await _find(session, actor, segment_id))
    return await segment_store.members(session, actor.workspace_id, segment.conditions, now)


async def _find(session: Session, actor: Actor, segment_id: int, *, lock: bool = False) -> Segment:
    query = select(Segment).where(Segment.id == segment_id, Segment.workspace_id == actor.workspace_id)
    segment = await session.scalar(query.with_for_update() if lock else query)
    if segment is None:
        raise NotFoundError("This segment does not exist any more.")
    return segment


async def _check_free(session: Session, actor: Actor, name: str, *, but: int | None = None) -> None:
    query = select(Segment.id).where(
        Segment.workspace_id == actor.workspace_id, func.lower(Segment.name) == name.lower(), Segment.id != but
    )
    if await session.scalar(query) is not None:
        raise ConflictError(f"There is a segment “{name}” already; choose another name.")


async def _named(
    session: Session, workspace_id: int, conditions: Sequence[Condition]
) -> tuple[dict[int, str], dict[int, str]]:
    lists = [one.list_id for one in conditions if isinstance(one, OnList)]
    sequences = [one.sequence_id for one in conditions if isinstance(one, InSequence)]
    return (
        await segment_store.own(session, segment_store.OWN_LISTS, workspace_id, lists),
        await segment_store.own(session, segment_store.OWN_SEQUENCES, workspace_id, sequences),
    )


async def _check_named(session: Session, workspace_id: int, conditions: Sequence[Condition]) -> None:
    lists, sequences = await _named(session, workspace_id, conditions)
    for condition in conditions:
        if isinstance(condition, OnList) and condition.list_id not in lists:
            raise NotFoundError("This list does not exist any more.")
        if isinstance(condition, InSequence) and condition.sequence_id not in sequences:
            raise NotFoundError("This sequence does not exist any more.")


def _saved(row: Segment) -> SavedSegment:
    return SavedSegment(row.id, row.name, segments.from_json(row.conditions), row.created_at)
